// Package cli is what people type: the client's commands, one file a command.
//
// Each command has a constructor that takes the app, which holds everything a
// command touches: streams, clock, environment. There are no globals, so that
// tests drive commands as users do, side by side.
//
// A command says what it needs of the hub through package client. It must not
// know XML, sessions or retries, nor anything of the hub's rooms: these
// commands work with any Koji hub, and what only kura's hub can do is asked of
// it by name (kura.*) and missed politely.
//
// Every command has --json, which prints what the hub answered; the text forms
// are for people and may change. What hubs send is shown only after clean: a
// package's name must not move a cursor.
package cli
