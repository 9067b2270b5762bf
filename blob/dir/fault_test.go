package dir_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/blob/blobtest"
	"github.com/kura-build/kura/blob/dir"
	"golang.org/x/sys/unix"
)

// wantFull checks what a user sees when a Put meets a full disk, and that the
// store goes on once there is space.
func wantFull(t *testing.T, s *dir.Store, root string, err error) {
	t.Helper()
	if !kura.Is(err, kura.NoSpace) {
		t.Fatalf("got %v (%v), want kind no space", err, kura.KindOf(err))
	}
	if !strings.Contains(err.Error(), root) {
		t.Errorf("%q does not name the directory %s", err, root)
	}
	if n := residue(t, root); n != 0 {
		t.Errorf("%d leftovers on the full disk", n)
	}
	if _, err := s.Put(t.Context(), strings.NewReader("small"), nil); err != nil {
		t.Errorf("Put of what would fit: %v", err)
	}
}

// TestFileSizeLimit needs no rights: the limit fails the write half way.
func TestFileSizeLimit(t *testing.T) {
	root := t.TempDir()
	s := open(t, root)
	var old unix.Rlimit
	must(t, unix.Getrlimit(unix.RLIMIT_FSIZE, &old))
	must(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 1 << 20, Max: old.Max}))
	_, err := s.Put(t.Context(), bytes.NewReader(blobtest.Data(1, 3<<20)), nil)
	must(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &old))
	wantFull(t, s, root, err)
}

// TestFullDisk uses a small tmpfs, so it needs root, as the sandbox's tests do.
func TestFullDisk(t *testing.T) {
	root := t.TempDir()
	err := unix.Mount("tmpfs", root, "tmpfs", 0, "size=2m,nr_inodes=40")
	if err != nil {
		t.Fatalf("a full disk is tried on a small tmpfs, which needs root to mount: %v", err)
	}
	defer unix.Unmount(root, unix.MNT_DETACH)
	s := open(t, root)
	_, err = s.Put(t.Context(), bytes.NewReader(blobtest.Data(1, 3<<20)), nil)
	wantFull(t, s, root, err)

	if err := open(t, root).Healthy(t.Context()); err != nil {
		t.Errorf("there is space again, but: %v", err)
	}
	strict, err := dir.New(root, dir.MinFree(4<<20))
	must(t, err)
	if err := strict.Healthy(t.Context()); !kura.Is(err, kura.NoSpace) {
		t.Errorf("2 MiB free with 4 MiB wanted: %v, want kind no space", err)
	}

	// No inodes: the directories of a sum cannot be made any more.
	var full error
	for i := byte(0); full == nil && i < 40; i++ {
		_, full = s.Put(t.Context(), bytes.NewReader([]byte{i}), nil)
	}
	if !kura.Is(full, kura.NoSpace) {
		t.Errorf("out of inodes: %v, want kind no space", full)
	}
	if n := residue(t, root); n != 0 {
		t.Errorf("%d leftovers without inodes", n)
	}
	if err := s.Healthy(t.Context()); !kura.Is(err, kura.NoSpace) {
		t.Errorf("healthy without inodes: %v, want kind no space", err)
	}

	must(t, unix.Mount("", root, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	if err := s.Healthy(t.Context()); !kura.Is(err, kura.Unavailable) {
		t.Errorf("healthy on a read-only mount: %v, want kind unavailable", err)
	}
}

const childRoot = "KURA_TEST_BLOB_ROOT"

// TestMain lets this binary be the process that is killed: it stores what it
// is sent and says when half of it is on disk.
func TestMain(m *testing.M) {
	root := os.Getenv(childRoot)
	if root == "" {
		os.Exit(m.Run())
	}
	s, err := dir.New(root, dir.MinFree(0))
	if err == nil {
		_, err = s.Put(context.Background(), &speaker{r: os.Stdin}, nil)
	}
	if err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
}

// TestKilled kills a process in the middle of a Put: nothing can be seen, and
// the next Put of the same content works.
func TestKilled(t *testing.T) {
	root := t.TempDir()
	exe, err := os.Executable()
	must(t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childRoot+"="+root)
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	data := blobtest.Data(1, 1<<20)
	_, err = in.Write(data[:512<<10])
	must(t, err)
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "stored 524288"; {
	}
	must(t, cmd.Process.Kill())
	if err := cmd.Wait(); err == nil {
		t.Fatal("the process was not killed")
	}
	if n := residue(t, root); n != 1 {
		t.Fatalf("%d files in tmp after the kill, want the half one", n)
	}
	s := open(t, root)
	seen := 0
	must(t, s.Walk(t.Context(), func(blob.Info) error { seen++; return nil }))
	if seen != 0 {
		t.Errorf("a half file can be seen")
	}
	info, err := s.Put(t.Context(), bytes.NewReader(data), nil)
	must(t, err)
	stored, err := os.ReadFile(path(root, info.Sum))
	must(t, err)
	if sha256.Sum256(stored) != sha256.Sum256(data) {
		t.Error("stored wrong after the kill")
	}
}

// speaker says before each read how much was read by the earlier ones: by then
// it is written.
type speaker struct {
	r io.Reader
	n int
}

func (s *speaker) Read(p []byte) (int, error) {
	fmt.Printf("stored %d\n", s.n)
	n, err := s.r.Read(p)
	s.n += n
	return n, err
}
