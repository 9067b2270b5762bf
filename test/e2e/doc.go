// Package e2e drives the real program from outside, as its users and its fate
// do: builds from source to tag, input that is wrong, and processes that die at
// any moment. The tests look only at what the Koji API, git, files and, after a
// hub's death, its records show.
//
// One site serves all tests that leave it in peace; those that kill have their
// own. They need root, as building does.
package e2e
