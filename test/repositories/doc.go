// Package repositories compares the repositories that kura makes with those of
// createrepo_c, by their meaning and through the eyes of those who read them: dnf,
// libsolv and zypper.
package repositories
