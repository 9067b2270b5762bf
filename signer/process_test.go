package signer

import (
	"crypto/ed25519"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kura-build/kura/protocol"
)

// allowNothing is given made-up authorisations with a real proof.
func allowNothing(t *testing.T, body []byte) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	req := protocol.SignerRequest{Authorisation: body, Proof: ed25519.Sign(private, proven(body))}
	at := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	auth, _, err := checkAuthorisation([]ed25519.PublicKey{public}, req, at)
	if err == nil && (len(auth.Nonce) != 32 || auth.Expires <= at.Unix()) {
		t.Errorf("passes: %+v", auth)
	}
	if _, _, err := checkAuthorisation(nil, req, at); err == nil {
		t.Error("passes without a hub")
	}
}

// copyOfMyself is this test program where another uid can run it.
func copyOfMyself(t *testing.T, dir string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(self)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(filepath.Join(dir, "kura"), os.O_WRONLY|os.O_CREATE, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Name()
}

// TestSignerAsAProcess starts the signer as kura up does. Root gives it a uid
// of its own.
func TestSignerAsAProcess(t *testing.T) {
	base, err := os.MkdirTemp("", "signer")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	if err := os.Chmod(base, 0o755); err != nil {
		t.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	uid := os.Getuid()
	if uid == 0 {
		uid = 64999
	}
	run := filepath.Join(base, "run")
	if err := os.Mkdir(run, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(run, uid, -1); err != nil {
		t.Fatal(err)
	}
	conf := Config{Dir: filepath.Join(base, "signer"), Socket: filepath.Join(run, "s"), AllowUIDs: []uint32{uint32(os.Getuid())}}
	setup := Setup{Hubs: []ed25519.PublicKey{public}}
	if os.Getuid() == 0 {
		conf.UID, conf.GID, setup.UID, setup.GID = uint32(uid), uint32(uid), uid, uid
	}
	if err := Init(conf.Dir, setup); err != nil {
		t.Fatal(err)
	}
	cmd, lifeline, err := Command(copyOfMyself(t, base), conf)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end := make(chan error, 1)
	go func() { end <- cmd.Wait() }()
	waitFor(t, conf.Socket, end)
	checkProcess(t, cmd.Process.Pid, uid)
	client := NewClient(conf.Socket, private)
	if _, err := client.CreateKey(t.Context(), "k", "d", protocol.SignerKeySpec{
		Kind: "ed25519", UserID: "x", Uses: []protocol.SignerUse{protocol.UseMetadata}}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.SignMetadata(t.Context(), "k", "r", "d", []byte(goodRepomd)); err != nil {
		t.Fatal(err)
	}
	if err := lifeline.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-end; err != nil {
		t.Errorf("the signer whose parent is gone ended with: %v", err)
	}
}

func checkProcess(t *testing.T, pid, uid int) {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(tasks) == 0 {
		t.Fatal(tasks, err)
	}
	for _, task := range tasks {
		body, err := os.ReadFile(task)
		if err != nil {
			continue // the thread ended meanwhile
		}
		status := string(body)
		for _, want := range []string{"NoNewPrivs:\t1\n", "Seccomp:\t2\n", fmt.Sprintf("Uid:\t%d\t%d\t%d\t%d\n", uid, uid, uid, uid)} {
			if !strings.Contains(status, want) {
				t.Errorf("%s does not say %q", task, want)
			}
		}
	}
}

// probe runs in a child: it protects itself, then tries what it gave away.
func probe() int {
	if _, err := Harden(); err != nil {
		fmt.Println(err)
		return 1
	}
	if err := exec.Command("/bin/true").Run(); err == nil {
		fmt.Println("a program was run")
		return 1
	}
	for _, network := range []string{"tcp", "udp"} {
		if c, err := net.Dial(network, "127.0.0.1:9"); err == nil || !strings.Contains(err.Error(), "not permitted") {
			fmt.Println(network, "socket:", c, err)
			return 1
		}
	}
	if _, err := net.Listen("unix", filepath.Join(os.TempDir(), fmt.Sprintf("probe-%d", os.Getpid()))); err != nil {
		fmt.Println("no Unix socket:", err)
		return 1
	}
	return 0
}

func TestHardenedProcessCanDoNothingElse(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "signer", "probe")
	cmd.Env = []string{"TMPDIR=" + t.TempDir()}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
