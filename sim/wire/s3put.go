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
		} else if strings.HasPrefix(name, "X-Amz-") && !slices.Contains(s3Headers, name) || strings.HasPrefix(name, "If-") && !slices.Contains(conditions, name) {
			return notImplemented("does not model the header " + name)
		}
	}
	met, err := s.condition(c)
	if err != nil {
		return err
	}
	if err := s.put(c, o, bytes.NewReader(c.body), met); err != nil {
		return err
	}
	w.Header().Set("ETag", `"`+o.ETag+`"`)
	w.Header().Set("X-Amz-Server-Side-Encryption", o.ServerSideEncryption)
	return nil
}

// put writes an object for a caller who may, and who may use the bucket's key.
func (s *Server) put(c s3Call, o *cloud.Object, content io.Reader, met cloud.Condition) error {
	if err := s.account.Authorize(c.who, "s3:PutObject", c.arn(), nil); err != nil {
		return err
	}
	if err := s.account.MayEncrypt(c.who, c.bucket); err != nil {
		return err
	}
	if strings.HasPrefix(c.key, "/") || strings.HasPrefix(c.key, "./") || strings.Contains(c.key, "//") {
		return notImplemented("keeps no object under the key " + c.key)
	}
	return s.account.PutObjectIf(o, content, met)
}

// conditions are the headers by which an object is written only where something is so.
var conditions = []string{"If-Match", "If-None-Match"}

// condition reads them. Who names what is to be replaced must be allowed to read it.
func (s *Server) condition(c s3Call) (cloud.Condition, error) {
	match, none := c.Header.Get("If-Match"), c.Header.Get("If-None-Match")
	switch {
	case match == "" && none == "":
		return nil, nil
	case match != "" && none != "" || none != "" && none != "*":
		return nil, &cloud.Error{Code: "NotImplemented", Message: "A header you provided implies functionality that is not implemented", Status: 501}
	case none == "*":
		return func(there *cloud.Object) error {
			if there != nil {
				return failed("If-None-Match")
			}
			return nil
		}, nil
	}
	if err := s.account.Authorize(c.who, "s3:GetObject", c.arn(), nil); err != nil {
		return nil, err
	}
	return func(there *cloud.Object) error {
		if there == nil {
			return &cloud.Error{Code: "NoSuchKey", Message: "The specified key does not exist.", Status: 404}
		}
		if strings.Trim(match, `"`) != there.ETag {
			return failed("If-Match")
		}
		return nil
	}, nil
}

func failed(condition string) error {
	return &cloud.Error{Code: "PreconditionFailed", Message: "At least one of the pre-conditions you specified did not hold: " + condition, Status: 412}
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
