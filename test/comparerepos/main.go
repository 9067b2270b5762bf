// Command comparerepos tells every difference of meaning between the package
// repositories of two directories, and ends with 1 if there is any.
//
//	go run ./test/comparerepos /srv/a /srv/b
package main

import (
	"fmt"
	"os"

	"github.com/kura-build/kura/test/repodiff"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "comparerepos: give two directories that hold repodata")
		os.Exit(2)
	}
	found, err := repodiff.Compare(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "comparerepos:", err)
		os.Exit(2)
	}
	for _, d := range found {
		fmt.Println(d)
	}
	if len(found) > 0 {
		fmt.Printf("%d differences\n", len(found))
		os.Exit(1)
	}
}
