// Package comps writes and reads comps.xml, in which a repository tells of
// groups of packages. It writes what Koji writes of a tag's groups, and reads
// that much of anybody's: environments, categories and translations are passed
// over. It must not know where groups come from or what a tag is.
package comps
