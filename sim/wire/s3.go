package wire

import (
	"net/http"
	"strings"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// s3 answers GetObject and HeadObject, addressed by path or by host.
func (s *Server) s3(w http.ResponseWriter, c call) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(c.URL.Path, "/"), "/")
	if host, _, ok := strings.Cut(c.Host, ".s3."); ok {
		bucket, key = host, strings.TrimPrefix(c.URL.Path, "/")
	}
	if c.Method != http.MethodGet && c.Method != http.MethodHead || key == "" {
		fail(w, c.service, &cloud.Error{Code: "NotImplemented", Message: "the simulator answers GetObject and HeadObject only", Status: 501})
		return
	}
	for name := range c.URL.Query() {
		if name != "x-id" {
			fail(w, c.service, &cloud.Error{Code: "NotImplemented", Message: "the simulator does not model the parameter " + name, Status: 501})
			return
		}
	}
	if err := s.account.Authorize(c.who, "s3:GetObject", "arn:aws:s3:::"+bucket+"/"+key, nil); err != nil {
		fail(w, c.service, err)
		return
	}
	if _, err := s.account.Bucket(bucket); err != nil {
		fail(w, c.service, &cloud.Error{Code: "NoSuchBucket", Message: "The specified bucket does not exist", Status: 404})
		return
	}
	o, err := s.account.Object(bucket, key)
	if err != nil {
		fail(w, c.service, &cloud.Error{Code: "NoSuchKey", Message: "The specified key does not exist.", Status: 404})
		return
	}
	f, err := s.account.OpenObject(o)
	if err != nil {
		fail(w, c.service, err)
		return
	}
	defer f.Close()
	w.Header().Set("Content-Type", o.ContentType)
	w.Header().Set("ETag", `"`+o.ETag+`"`)
	http.ServeContent(w, c.Request, "", o.Modified, f)
}
