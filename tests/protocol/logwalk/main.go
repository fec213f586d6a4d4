// Command logwalk walks a served tiled transparency log (c2sp.org/tlog-tiles) with the log packages
// of golang.org/x/mod: it verifies the checkpoint's signature, every leaf against the tiles, the
// tiles against the checkpoint's root, and optionally that the tree continues an older checkpoint.
//
//	logwalk [-old FILE] [-save FILE] PREFIX VKEY
//
// It prints the number of entries. Exit status 1: something does not fit; 2: usage.
//
// Debian's packages are enough (golang-go, golang-golang-x-mod-dev):
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go build -o logwalk .
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	bodyMax    = 32 << 20
)

var client = &http.Client{Timeout: 30 * time.Second}

// server reads the resources of one log. It is a tlog.TileReader.
type server struct {
	prefix string
}

func (s *server) get(path string) ([]byte, error) {
	response, err := client.Get(s.prefix + path)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, bodyMax))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, response.Status)
	}
	return body, nil
}

func (s *server) Height() int { return tileHeight }

// path is the C2SP form of a tile's path: that of the Go checksum database names the height too.
func path(tile tlog.Tile) string {
	return "tile/" + strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight))
}

func (s *server) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		body, err := s.get(path(tile))
		if err != nil {
			return nil, err
		}
		if len(body) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s: %d bytes", path(tile), len(body))
		}
		data[i] = body
	}
	return data, nil
}

func (s *server) SaveTiles([]tlog.Tile, [][]byte) {}

// openCheckpoint verifies the note and reads its text.
func openCheckpoint(body []byte, verifier note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(body, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, errors.New("the checkpoint is not one of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, fmt.Errorf("tree size %q", lines[1])
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, fmt.Errorf("root hash %q", lines[2])
	}
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree, nil
}

// entries reads a bundle of exactly count entries.
func entries(bundle []byte, count int) ([][]byte, error) {
	var list [][]byte
	for len(list) < count {
		if len(bundle) < 2 {
			return nil, errors.New("cut short")
		}
		length := int(binary.BigEndian.Uint16(bundle))
		bundle = bundle[2:]
		if len(bundle) < length {
			return nil, errors.New("cut short")
		}
		list = append(list, bundle[:length])
		bundle = bundle[length:]
	}
	if len(bundle) != 0 {
		return nil, errors.New("too long")
	}
	return list, nil
}

// walkBundle checks the entries of bundle n against the hashes that the tree is known to have.
func walkBundle(s *server, tree tlog.Tree, n int64, hashes tlog.HashReader) error {
	width := int64(tileWidth)
	if left := tree.N - n*tileWidth; left < width {
		width = left
	}
	tile := tlog.Tile{H: tileHeight, L: 0, N: n, W: int(width)}
	name := "tile/entries/" + strings.TrimPrefix(path(tile), "tile/0/")
	body, err := s.get(name)
	if err != nil {
		return err
	}
	list, err := entries(body, tile.W)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	indexes := make([]int64, len(list))
	for i := range list {
		indexes[i] = tlog.StoredHashIndex(0, n*tileWidth+int64(i))
	}
	leaves, err := hashes.ReadHashes(indexes)
	if err != nil {
		return err
	}
	for i, entry := range list {
		if tlog.RecordHash(entry) != leaves[i] {
			return fmt.Errorf("entry %d does not fit its leaf", n*tileWidth+int64(i))
		}
	}
	return nil
}

// checkOld verifies that the tree continues the one of an older checkpoint.
func checkOld(file string, verifier note.Verifier, tree tlog.Tree, hashes tlog.HashReader) error {
	body, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	old, err := openCheckpoint(body, verifier)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if old.N == 0 {
		return nil
	}
	if old.N > tree.N {
		return fmt.Errorf("the log shrank from %d to %d", old.N, tree.N)
	}
	proof, err := tlog.ProveTree(tree.N, old.N, hashes)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash)
}

func walk(prefix, vkey, old, save string) (int64, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return 0, err
	}
	s := &server{strings.TrimSuffix(prefix, "/") + "/"}
	body, err := s.get("checkpoint")
	if err != nil {
		return 0, err
	}
	tree, err := openCheckpoint(body, verifier)
	if err != nil {
		return 0, fmt.Errorf("checkpoint: %w", err)
	}
	hashes := tlog.TileHashReader(tree, s)
	if tree.N == 0 && !bytes.Equal(tree.Hash[:], emptyRoot()) {
		return 0, errors.New("the empty tree has another root")
	}
	for n := int64(0); n*tileWidth < tree.N; n++ {
		if err := walkBundle(s, tree, n, hashes); err != nil {
			return 0, err
		}
	}
	if old != "" {
		if err := checkOld(old, verifier, tree, hashes); err != nil {
			return 0, err
		}
	}
	if save != "" {
		if err := os.WriteFile(save, body, 0o644); err != nil {
			return 0, err
		}
	}
	return tree.N, nil
}

// emptyRoot is the SHA-256 of nothing, which sumdb/tlog does not define.
func emptyRoot() []byte {
	root, err := base64.StdEncoding.DecodeString("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
	if err != nil {
		panic(err)
	}
	return root
}

func main() {
	old := flag.String("old", "", "an older checkpoint that the log must continue")
	save := flag.String("save", "", "where to keep the checkpoint after a good walk")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: logwalk [-old FILE] [-save FILE] PREFIX VKEY")
		os.Exit(2)
	}
	count, err := walk(flag.Arg(0), flag.Arg(1), *old, *save)
	if err != nil {
		fmt.Fprintln(os.Stderr, "logwalk:", err)
		os.Exit(1)
	}
	fmt.Printf("%d entries\n", count)
}
