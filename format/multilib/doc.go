// Package multilib says which packages of a 64-bit architecture's repository
// stand there a second time, as they were built for the 32-bit architecture
// beside it, so that programs for either can be built and run: by python-multilib's
// method "devel" and its configuration file, as Koji's dist-repo --multilib
// does. And it finds what else those packages need.
//
// It knows packages by what their headers say, and nothing of files and
// repositories.
package multilib
