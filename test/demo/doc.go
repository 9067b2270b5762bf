// Command demo does kura's main job on real input, from nothing: a base
// distribution out of Debian packages, a dist-git repository of GNU hello, a
// build in clean roots, signed packages, a signed repository, and dnf that
// installs from it. make demo runs it.
//
// It speaks to the hub by the Koji API and by git, as anybody would; it looks
// into nothing of the hub's.
package main
