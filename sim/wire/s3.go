package wire

import (
	"encoding/base64"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// s3Call is a request for a bucket, or for one of its objects.
type s3Call struct {
	call
	bucket, key string
}

// s3Operation is one call of S3, with the parameters that it takes.
type s3Operation struct {
	name       string
	parameters []string
	do         func(*Server, http.ResponseWriter, s3Call) error
}

var (
	getObject    = s3Operation{"GetObject", []string{"response-content-disposition"}, (*Server).getObject}
	putObject    = s3Operation{"PutObject", nil, (*Server).putObject}
	copyObject   = s3Operation{"CopyObject", nil, (*Server).copyObject}
	deleteObject = s3Operation{"DeleteObject", nil, (*Server).deleteObject}
	versioning   = s3Operation{"GetBucketVersioning", []string{"versioning"}, (*Server).getVersioning}
	listObjects  = s3Operation{"ListObjectsV2", []string{"list-type", "prefix", "delimiter", "max-keys", "continuation-token", "start-after"}, (*Server).listObjects}

	s3Operations = []s3Operation{getObject, {name: "HeadObject"}, putObject, copyObject, deleteObject, versioning, listObjects}
)

// s3 answers calls that are addressed by path or by host.
func (s *Server) s3(w http.ResponseWriter, c call) {
	of := s3Call{call: c}
	of.bucket, of.key, _ = strings.Cut(strings.TrimPrefix(c.URL.Path, "/"), "/")
	if host, _, ok := strings.Cut(c.Host, ".s3."); ok {
		of.bucket, of.key = host, strings.TrimPrefix(c.URL.Path, "/")
	}
	op, err := s.s3Operation(of)
	if err == nil {
		err = op.do(s, w, of)
	}
	if err != nil {
		fail(w, c.service, err)
	}
}

// s3Operation finds the operation that a request means, and refuses what it
// would ignore.
func (s *Server) s3Operation(c s3Call) (s3Operation, error) {
	var op s3Operation
	query := c.URL.Query()
	switch {
	case c.key == "" && c.Method == http.MethodGet && query.Get("list-type") == "2":
		op = listObjects
	case c.key == "" && c.Method == http.MethodGet && query.Has("versioning"):
		op = versioning
	case c.key == "":
	case c.Method == http.MethodGet, c.Method == http.MethodHead:
		op = getObject
	case c.Method == http.MethodPut && c.Header.Get(copySource) != "":
		op = copyObject
	case c.Method == http.MethodPut:
		op = putObject
	case c.Method == http.MethodDelete:
		op = deleteObject
	}
	if op.name == "" {
		var names []string
		for _, o := range s3Operations {
			names = append(names, o.name)
		}
		return op, notImplemented("answers " + strings.Join(names, ", ") + " only")
	}
	for name := range query {
		if name != "x-id" && !slices.Contains(op.parameters, name) {
			return op, notImplemented("does not model the parameter " + name)
		}
	}
	if _, err := s.account.Bucket(c.bucket); err != nil {
		return op, &cloud.Error{Code: "NoSuchBucket", Message: "The specified bucket does not exist", Status: 404}
	}
	return op, nil
}

func notImplemented(what string) *cloud.Error {
	return &cloud.Error{Code: "NotImplemented", Message: "the simulator " + what, Status: 501}
}

func (c s3Call) arn() string { return "arn:aws:s3:::" + c.bucket + "/" + c.key }

// getObject answers GetObject and HeadObject.
func (s *Server) getObject(w http.ResponseWriter, c s3Call) error {
	o, f, err := s.openObject(c)
	if err != nil {
		return err
	}
	defer f.Close()
	w.Header().Set("Content-Type", o.ContentType)
	w.Header().Set("ETag", `"`+o.ETag+`"`)
	w.Header().Set("X-Amz-Server-Side-Encryption", o.ServerSideEncryption)
	if as := c.URL.Query().Get("response-content-disposition"); as != "" {
		w.Header().Set("Content-Disposition", as)
	}
	for key, value := range o.Metadata {
		w.Header().Set(metadata+key, value)
	}
	if c.Header.Get(checksum+"Mode") == "ENABLED" && c.Header.Get("Range") == "" {
		sum := crc32.NewIEEE()
		if _, err := io.Copy(sum, f); err != nil {
			return fmt.Errorf("sum object %s: %w", o.Key, err)
		}
		w.Header().Set(checksum+"Crc32", base64.StdEncoding.EncodeToString(sum.Sum(nil)))
		w.Header().Set(checksum+"Type", "FULL_OBJECT")
	}
	http.ServeContent(w, c.Request, "", o.Modified, f)
	return nil
}

// openObject opens the object that a call names, for who may read it.
func (s *Server) openObject(c s3Call) (*cloud.Object, *os.File, error) {
	if err := s.account.Authorize(c.who, "s3:GetObject", c.arn(), nil); err != nil {
		return nil, nil, err
	}
	o, err := s.account.Object(c.bucket, c.key)
	if err != nil {
		return nil, nil, s.noSuchKey(c)
	}
	if err := s.account.MayDecrypt(c.who, o); err != nil {
		return nil, nil, err
	}
	f, err := s.account.OpenObject(o)
	return o, f, err
}

// noSuchKey says that an object is not there, to who may list the bucket; others
// are not told what is not in it.
func (s *Server) noSuchKey(c s3Call) error {
	if err := s.account.Authorize(c.who, "s3:ListBucket", "arn:aws:s3:::"+c.bucket, map[string][]string{"s3:prefix": {c.key}}); err != nil {
		return err
	}
	return &cloud.Error{Code: "NoSuchKey", Message: "The specified key does not exist.", Status: 404}
}

func (s *Server) deleteObject(w http.ResponseWriter, c s3Call) error {
	if err := s.account.Authorize(c.who, "s3:DeleteObject", c.arn(), nil); err != nil {
		return err
	}
	if err := s.account.DeleteObject(c.bucket, c.key); err != nil && !cloud.IsNotFound(err) {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) copyObject(w http.ResponseWriter, c s3Call) error {
	source, err := url.PathUnescape(strings.TrimPrefix(c.Header.Get(copySource), "/"))
	if err != nil {
		return &cloud.Error{Code: "InvalidArgument", Message: "Invalid copy source encoding.", Status: 400}
	}
	bucket, key, _ := strings.Cut(source, "/")
	from := s3Call{call: c.call, bucket: bucket, key: key}
	o, f, err := s.openObject(from)
	if err != nil {
		return err
	}
	defer f.Close()
	made := &cloud.Object{Bucket: c.bucket, Key: c.key, ContentType: o.ContentType, Metadata: o.Metadata}
	if err := s.put(c, made, f, nil); err != nil {
		return err
	}
	answer(w, http.StatusOK, struct {
		XMLName      struct{} `xml:"CopyObjectResult"`
		ETag         string
		LastModified string
	}{ETag: `"` + made.ETag + `"`, LastModified: made.Modified.Format(s3Time)})
	return nil
}

const s3Time = "2006-01-02T15:04:05.000Z"

// listObjects answers ListObjectsV2.
func (s *Server) listObjects(w http.ResponseWriter, c s3Call) error {
	q := c.URL.Query()
	limit := 1000
	if text := q.Get("max-keys"); text != "" {
		if _, err := fmt.Sscan(text, &limit); err != nil || limit < 0 {
			return &cloud.Error{Code: "InvalidArgument", Message: "Provided max-keys not an integer or within integer range", Status: 400}
		}
		limit = min(limit, 1000)
	}
	prefix, delimiter := q.Get("prefix"), q.Get("delimiter")
	if err := s.account.Authorize(c.who, "s3:ListBucket", "arn:aws:s3:::"+c.bucket, map[string][]string{
		"s3:prefix": {prefix}, "s3:delimiter": {delimiter}, "s3:max-keys": {fmt.Sprint(limit)},
	}); err != nil {
		return err
	}
	after := q.Get("start-after")
	if token := q.Get("continuation-token"); token != "" {
		after = token
	}
	out := listing{Name: c.bucket, Prefix: prefix, Delimiter: delimiter, MaxKeys: limit}
	for _, o := range s.account.Objects(c.bucket, prefix) {
		if !out.add(o, after) {
			break
		}
	}
	answer(w, http.StatusOK, out)
	return nil
}

// listing is a page of a bucket's contents.
type listing struct {
	XMLName               struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name, Prefix          string
	Delimiter             string `xml:",omitempty"`
	MaxKeys, KeyCount     int
	IsTruncated           bool
	NextContinuationToken string `xml:",omitempty"`
	Contents              []listed
	CommonPrefixes        []commonPrefix

	last string // the key or common prefix that was added last
}

type listed struct {
	Key, LastModified, ETag, StorageClass string
	Size                                  int64
}

type commonPrefix struct{ Prefix string }

// add adds an object, or what its key has in common with others up to the
// delimiter. It reports false when the page is full.
func (l *listing) add(o cloud.Object, after string) bool {
	entry, rest := o.Key, strings.TrimPrefix(o.Key, l.Prefix)
	at := -1
	if l.Delimiter != "" {
		at = strings.Index(rest, l.Delimiter)
	}
	if at >= 0 {
		entry = l.Prefix + rest[:at+len(l.Delimiter)]
	}
	switch {
	case entry <= after, entry == l.last:
		return true
	case l.KeyCount == l.MaxKeys:
		l.IsTruncated, l.NextContinuationToken = true, l.last
		return false
	}
	l.KeyCount, l.last = l.KeyCount+1, entry
	if at >= 0 {
		l.CommonPrefixes = append(l.CommonPrefixes, commonPrefix{entry})
	} else {
		l.Contents = append(l.Contents, listed{o.Key, o.Modified.Format(s3Time), `"` + o.ETag + `"`, o.StorageClass, o.Size})
	}
	return true
}
