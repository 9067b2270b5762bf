// Command kura is the whole program: the client's commands, and the roles of
// hub, builder and signer. It reads the configuration and wires the rooms;
// what they do is theirs.
package main
