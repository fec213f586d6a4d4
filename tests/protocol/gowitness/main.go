// A witness (c2sp.org/tlog-witness) whose checks others wrote: signed notes and consistency proofs
// are judged by golang.org/x/mod/sumdb, so that what our log says is not judged by our own code.
//
// usage: gowitness NAME LOG_VKEY
//
// Prints "key VKEY" and "listening on URL". Its record lives as long as it does.
package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const cosignatureType = 0x04

type witness struct {
	name    string
	key     ed25519.PrivateKey
	keyID   [4]byte
	trusted note.Verifiers
	mutex   sync.Mutex
	size    int64
	root    tlog.Hash
}

type request struct {
	old   int64
	proof tlog.TreeProof
	note  string
	text  string
	size  int64
	root  tlog.Hash
}

func parseSize(text string) (int64, error) {
	size, err := strconv.ParseInt(text, 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != text {
		return 0, fmt.Errorf("not a size: %q", text)
	}
	return size, nil
}

func parse(body string) (*request, error) {
	head, signed, found := strings.Cut(body, "\n\n")
	lines := strings.Split(head, "\n")
	old := strings.TrimPrefix(lines[0], "old ")
	if !found || old == lines[0] {
		return nil, fmt.Errorf("not a request")
	}
	var err error
	parsed := &request{note: signed}
	if parsed.old, err = parseSize(old); err != nil {
		return nil, err
	}
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		parsed.proof = append(parsed.proof, hash)
	}
	return parsed, nil
}

func (parsed *request) parseCheckpoint(text string) error {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 {
		return fmt.Errorf("not a checkpoint")
	}
	var err error
	if parsed.size, err = parseSize(lines[1]); err != nil {
		return err
	}
	parsed.text = text
	parsed.root, err = tlog.ParseHash(lines[2])
	return err
}

// Status and body of the answer.
func (w *witness) decide(body string) (int, string) {
	parsed, err := parse(body)
	if err != nil {
		return http.StatusBadRequest, err.Error()
	}
	opened, err := note.Open([]byte(parsed.note), w.trusted)
	if err != nil {
		return http.StatusForbidden, err.Error()
	}
	if err := parsed.parseCheckpoint(opened.Text); err != nil {
		return http.StatusBadRequest, err.Error()
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if parsed.old > parsed.size {
		return http.StatusBadRequest, "old size beyond the checkpoint's"
	}
	if parsed.old != w.size {
		return http.StatusConflict, fmt.Sprintf("%d\n", w.size)
	}
	if err := w.check(parsed); err != nil {
		return http.StatusUnprocessableEntity, err.Error()
	}
	w.size, w.root = parsed.size, parsed.root
	return http.StatusOK, w.cosign(parsed.text)
}

func (w *witness) check(parsed *request) error {
	if parsed.old == 0 {
		if len(parsed.proof) > 0 {
			return fmt.Errorf("a proof from nothing")
		}
		return nil
	}
	if parsed.old == parsed.size {
		if parsed.root != w.root || len(parsed.proof) > 0 {
			return fmt.Errorf("another root at the same size")
		}
		return nil
	}
	return tlog.CheckTree(parsed.proof, parsed.size, parsed.root, parsed.old, w.root)
}

func (w *witness) cosign(text string) string {
	now := time.Now().Unix()
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", now, text)
	signature := append([]byte{}, w.keyID[:]...)
	signature = binary.BigEndian.AppendUint64(signature, uint64(now))
	signature = append(signature, ed25519.Sign(w.key, []byte(message))...)
	return fmt.Sprintf("\u2014 %s %s\n", w.name, base64.StdEncoding.EncodeToString(signature))
}

func (w *witness) ServeHTTP(answer http.ResponseWriter, asked *http.Request) {
	if asked.Method != http.MethodPost || !strings.HasSuffix(asked.URL.Path, "/add-checkpoint") {
		http.NotFound(answer, asked)
		return
	}
	body, err := io.ReadAll(io.LimitReader(asked.Body, 64<<10))
	if err != nil {
		http.Error(answer, err.Error(), http.StatusBadRequest)
		return
	}
	status, said := w.decide(string(body))
	if status == http.StatusConflict {
		answer.Header().Set("Content-Type", "text/x.tlog.size")
	}
	answer.WriteHeader(status)
	io.WriteString(answer, said)
	if status != http.StatusOK && status != http.StatusConflict {
		log.Printf("%d %s", status, said)
	}
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: gowitness NAME LOG_VKEY")
	}
	verifier, err := note.NewVerifier(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	w := &witness{name: os.Args[1], key: private, trusted: note.VerifierList(verifier)}
	typed := append([]byte{cosignatureType}, public...)
	id := sha256.Sum256(append([]byte(w.name+"\n"), typed...))
	copy(w.keyID[:], id[:])
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("key %s+%x+%s\n", w.name, w.keyID, base64.StdEncoding.EncodeToString(typed))
	fmt.Printf("listening on http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, w))
}
