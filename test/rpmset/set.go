package rpmset

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kura-build/kura/format/rpm"
)

// Make writes n packages below a directory, as Packages/<letter>/<file>, and
// gives the paths in no order. All files have one time, so that two sets are equal.
func Make(ctx context.Context, dir string, n int, seed uint64) ([]string, error) {
	s := newSet(seed, n)
	paths := make([]string, n)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for family := 0; family*perSource < n; family++ {
		g.Go(func() error {
			for i, b := range s.family(family) {
				at := family*perSource + i
				if at >= n || ctx.Err() != nil {
					return ctx.Err()
				}
				var err error
				if paths[at], err = write(dir, b); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return paths, g.Wait()
}

// Time is that of all files.
var Time = time.Unix(1700000000, 0)

func write(dir string, b *rpm.Build) (string, error) {
	var buf bytes.Buffer
	if _, err := b.WriteTo(&buf); err != nil {
		return "", err
	}
	path := filepath.Join("Packages", strings.ToLower(b.Name[:1]), b.FileName())
	full := filepath.Join(dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(full, buf.Bytes(), 0o644); err != nil {
		return "", err
	}
	return path, os.Chtimes(full, Time, Time)
}

// perSource is how many packages are built from one source package.
const perSource = 3

// set is what the packages of a set are made of.
type set struct {
	seed  uint64
	n     int
	words []string
	paths []string
}

func newSet(seed uint64, n int) *set {
	s := &set{seed: seed, n: n}
	r := rand.New(rand.NewPCG(seed, 1))
	s.words = words(r, 20000)
	s.paths = s.tree(r, 60000)
	return s
}

// words are invented, the short and frequent ones first.
func words(r *rand.Rand, n int) []string {
	heads := strings.Fields("b c d f g h k l m n p r s t v st tr pl ch sh qu x")
	vowels := strings.Fields("a e i o u ea io ou y")
	tails := strings.Fields("- n r s t ng ment tion lib d l")
	seen := map[string]bool{}
	out := strings.Fields("the a of and to for library is development files with package contains this in that using headers python perl support data")
	for len(out) < n {
		var b strings.Builder
		for range 1 + r.IntN(3) {
			b.WriteString(heads[r.IntN(len(heads))] + vowels[r.IntN(len(vowels))])
		}
		b.WriteString(strings.TrimPrefix(tails[r.IntN(len(tails))], "-"))
		if w := b.String(); !seen[w] {
			seen[w] = true
			out = append(out, w)
		}
	}
	return out
}

// word is a common one more often than a rare one.
func (s *set) word(r *rand.Rand) string {
	u := r.Float64()
	return s.words[int(u*u*u*float64(len(s.words)))]
}

func (s *set) text(r *rand.Rand, n int) string {
	var b strings.Builder
	for i := range n {
		switch {
		case i > 0 && i%11 == 0:
			b.WriteByte('\n')
		case i > 0:
			b.WriteByte(' ')
		}
		b.WriteString(s.word(r))
	}
	return b.String() + "."
}

// tree is a list of paths in which neighbours are in one directory, "%" standing
// for the package's name.
func (s *set) tree(r *rand.Rand, n int) []string {
	tops := strings.Fields("/usr/share/%/ /usr/lib64/%/ /usr/include/%/ /usr/share/doc/%/ /usr/lib/python3.14/site-packages/%/ /usr/share/texlive/texmf-dist/tex/% /usr/src/debug/%/ /usr/share/icons/%/48x48/ /usr/share/locale/%/LC_MESSAGES/")
	ends := strings.Fields(".h .so .py .pyc .html .png .mo .txt .js .c .tex .svg .xml -x .conf")
	var out []string
	for len(out) < n {
		dir := tops[r.IntN(len(tops))]
		for range r.IntN(4) {
			dir += s.word(r) + "/"
		}
		end := ends[r.IntN(len(ends))]
		for range 1 + r.IntN(40) {
			out = append(out, dir+s.word(r)+s.word(r)+end)
		}
	}
	return out
}

// name of the first package of a family.
func (s *set) name(family int) string {
	r := rand.New(rand.NewPCG(s.seed, uint64(family)<<8|2))
	prefixes := []string{"", "", "", "python3-", "perl-", "lib", "rust-", "golang-", "texlive-", "R-", "nodejs-"}
	return fmt.Sprintf("%s%s%s%d", prefixes[r.IntN(len(prefixes))], s.word(r), s.words[r.IntN(len(s.words))], family)
}

// lognormal is a number around a middle with few that are much larger.
func lognormal(r *rand.Rand, middle, spread float64, most int) int {
	return min(int(math.Exp(r.NormFloat64()*spread+math.Log(middle))), most)
}
