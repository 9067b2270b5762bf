package signer

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/kura-build/kura/protocol"
)

// maxHeader bounds the main header of a package. The largest real ones, of
// packages with 100 000s of files, have some 30 MB.
const maxHeader = 64 << 20

type server struct {
	conf   Config
	hubs   []ed25519.PublicKey
	ring   *keyring
	audit  *audit
	guard  *guard
	guards []string // what Harden achieved
	slots  chan struct{}
}

// Serve answers on the socket until the context ends.
func Serve(ctx context.Context, conf Config) error { return serve(ctx, conf, nil) }

// Run is Serve as a process of its own: it takes from itself what a signer
// does not need before it opens a key.
func Run(ctx context.Context, conf Config) error {
	guards, err := Harden()
	if err != nil {
		return fmt.Errorf("protect the signer's process: %w", err)
	}
	if conf.Lifeline {
		var stop context.CancelFunc
		ctx, stop = context.WithCancel(ctx)
		defer stop()
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin) // its end is what counts, however it comes
			stop()
		}()
	}
	return serve(ctx, conf, guards)
}

func serve(ctx context.Context, conf Config, guards []string) error {
	if err := conf.fill(); err != nil {
		return err
	}
	dir, err := openDir(conf.Dir)
	if err != nil {
		return err
	}
	defer dir.Close()
	unlock, err := lockDir(dir)
	if err != nil {
		return err
	}
	defer func() { _ = unlock() }() // the lock ends with the process, too
	s, err := open(conf, dir)
	if err != nil {
		return err
	}
	s.guards = guards
	defer s.audit.close()
	socket, err := listen(conf)
	if err != nil {
		return err
	}
	conf.Log.Info("the signer answers", "socket", conf.Socket, "keys", len(s.ring.keys), "guards", guards)
	return s.run(ctx, &peerListener{UnixListener: socket, server: s})
}

// openDir opens the directory if nobody else can.
func openDir(name string) (*os.Root, error) {
	dir, err := os.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("open the signer's directory: %w", err)
	}
	info, err := dir.Stat(".")
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		err = fmt.Errorf("others can look into the signer's directory %s: chmod 0700 it", name)
	}
	if err != nil {
		dir.Close()
		return nil, err
	}
	return dir, nil
}

func open(conf Config, dir *os.Root) (*server, error) {
	passphrase, err := conf.readPassphrase()
	if err != nil {
		return nil, err
	}
	defer clear(passphrase)
	seal, err := openSeal(dir, passphrase)
	if err != nil {
		return nil, err
	}
	s := &server{conf: conf, guard: newGuard(conf.PerMinute), slots: make(chan struct{}, runtime.GOMAXPROCS(0))}
	body, err := dir.ReadFile(hubsFile)
	if err != nil {
		return nil, fmt.Errorf("read whose authorisations count: %w", err)
	}
	if s.hubs, err = parseHubs(string(body)); err != nil {
		return nil, err
	}
	if s.ring, err = openKeyring(dir, seal); err != nil {
		return nil, err
	}
	now := conf.Now()
	s.audit, err = openAudit(dir, func(e Entry) { s.guard.replay(e, now) }, now)
	return s, err
}

// listen opens the socket. The directory is locked, so an old socket file is
// a dead signer's.
func listen(conf Config) (*net.UnixListener, error) {
	if info, err := os.Lstat(conf.Socket); err == nil && info.Mode().Type() == fs.ModeSocket {
		if err := os.Remove(conf.Socket); err != nil {
			return nil, fmt.Errorf("remove the socket of an earlier signer: %w", err)
		}
	}
	socket, err := net.ListenUnix("unix", &net.UnixAddr{Name: conf.Socket, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listen on the signer's socket: %w", err)
	}
	// Who may connect is a first fence; who is answered is decided by uid.
	mode := fs.FileMode(0o666)
	switch {
	case conf.SocketGroup != 0:
		mode, err = 0o660, os.Chown(conf.Socket, -1, conf.SocketGroup)
	case slices.Equal(conf.AllowUIDs, []uint32{uint32(os.Geteuid())}):
		mode = 0o600
	}
	if err == nil {
		err = os.Chmod(conf.Socket, mode)
	}
	if err != nil {
		socket.Close()
		return nil, fmt.Errorf("set who may use the signer's socket: %w", err)
	}
	return socket, nil
}

func (s *server) run(ctx context.Context, socket net.Listener) error {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+protocol.PathSignerRequest, s.request)
	mux.HandleFunc("GET "+protocol.PathSignerKeys, s.keys)
	mux.HandleFunc("GET "+protocol.PathSignerStatus, s.status)
	web := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       5 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ConnContext:       withPeer,
	}
	done := make(chan error, 1)
	go func() {
		<-ctx.Done()
		// Who has a request under way gets its answer.
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		done <- web.Shutdown(end)
	}()
	if err := web.Serve(socket); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("answer on the signer's socket: %w", err)
	}
	return <-done
}

func (s *server) request(w http.ResponseWriter, r *http.Request) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-r.Context().Done():
		return
	}
	var req protocol.SignerRequest
	// Base64 makes 4 bytes of 3.
	body := http.MaxBytesReader(w, r.Body, maxHeader/3*4+2*maxAuthorisation)
	who := peerOf(r.Context())
	if err := json.NewDecoder(body).Decode(&req); err != nil {
		kind := kindInvalid
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			kind = kindTooLarge
		}
		err = refuse(kind, "the request to the signer cannot be read: %v", err)
		s.refused(Entry{Time: s.conf.Now(), UID: int64(who.uid)}, err)
		fail(w, err)
		return
	}
	answer, err := s.perform(req, who)
	if err != nil {
		fail(w, err)
		return
	}
	reply(w, http.StatusOK, answer)
}

func (s *server) keys(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, protocol.SignerKeys{Keys: s.ring.list()})
}

func (s *server) status(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, protocol.SignerStatus{
		Keys: len(s.ring.list()), Audit: s.audit.end(), PerMinute: s.conf.PerMinute, Guards: s.guards,
	})
}

var statuses = map[string]int{
	kindInvalid: http.StatusBadRequest, kindNotFound: http.StatusNotFound, kindExists: http.StatusConflict,
	kindDenied: http.StatusForbidden, kindLocked: http.StatusTooManyRequests,
	kindTooLarge: http.StatusRequestEntityTooLarge, kindUnavailable: http.StatusServiceUnavailable,
}

func fail(w http.ResponseWriter, err error) {
	p := problem(err)
	status := statuses[p.Kind]
	if status == 0 {
		status = http.StatusInternalServerError
	}
	reply(w, status, p)
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // whoever went away needs no answer
}
