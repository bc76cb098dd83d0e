package wire

import (
	"bytes"
	"crypto/sha1" // one of the sums that S3 takes
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

const (
	copySource = "X-Amz-Copy-Source"
	metadata   = "X-Amz-Meta-"
	checksum   = "X-Amz-Checksum-"
)

// checksums are the sums of a body that S3 checks.
var checksums = map[string]func() hash.Hash{
	"Crc32":     func() hash.Hash { return crc32.NewIEEE() },
	"Crc32c":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"Crc64nvme": func() hash.Hash { return crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5)) },
	"Sha1":      sha1.New,
	"Sha256":    sha256.New,
}

// s3Headers are the others that a request to write may carry.
var s3Headers = []string{"X-Amz-Content-Sha256", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Sdk-Checksum-Algorithm", copySource}

func (s *Server) putObject(w http.ResponseWriter, c s3Call) error {
	o := &cloud.Object{Bucket: c.bucket, Key: c.key, ContentType: c.Header.Get("Content-Type"), Metadata: map[string]string{}}
	for name := range c.Header {
		value := c.Header.Get(name)
		if key, ok := strings.CutPrefix(name, metadata); ok {
			o.Metadata[strings.ToLower(key)] = value
		} else if kind, ok := strings.CutPrefix(name, checksum); ok {
			if err := checkSum(kind, value, c.body); err != nil {
				return err
			}
		} else if strings.HasPrefix(name, "X-Amz-") && !slices.Contains(s3Headers, name) || strings.HasPrefix(name, "If-") {
			return notImplemented("does not model the header " + name)
		}
	}
	if err := s.put(c, o, bytes.NewReader(c.body)); err != nil {
		return err
	}
	w.Header().Set("ETag", `"`+o.ETag+`"`)
	w.Header().Set("X-Amz-Server-Side-Encryption", o.ServerSideEncryption)
	return nil
}

// put writes an object for a caller who may, and who may use the bucket's key.
func (s *Server) put(c s3Call, o *cloud.Object, content io.Reader) error {
	if err := s.account.Authorize(c.who, "s3:PutObject", c.arn(), nil); err != nil {
		return err
	}
	if err := s.account.MayEncrypt(c.who, c.bucket); err != nil {
		return err
	}
	if strings.HasPrefix(c.key, "/") || strings.HasPrefix(c.key, "./") || strings.Contains(c.key, "//") {
		return notImplemented("keeps no object under the key " + c.key)
	}
	return s.account.PutObject(o, content)
}

func checkSum(kind, claimed string, body []byte) error {
	start, ok := checksums[kind]
	if !ok {
		return notImplemented("does not model the header " + checksum + kind)
	}
	sum := start()
	_, _ = sum.Write(body) // never fails
	if base64.StdEncoding.EncodeToString(sum.Sum(nil)) != claimed {
		return &cloud.Error{Code: "BadDigest", Message: "The " + strings.ToUpper(kind) + " you specified did not match the calculated checksum.", Status: 400}
	}
	return nil
}
