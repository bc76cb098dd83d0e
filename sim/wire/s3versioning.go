package wire

import (
	"net/http"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// getVersioning answers GetBucketVersioning: nothing, where it was never set.
func (s *Server) getVersioning(w http.ResponseWriter, c s3Call) error {
	if err := s.account.Authorize(c.who, "s3:GetBucketVersioning", "arn:aws:s3:::"+c.bucket, nil); err != nil {
		return err
	}
	v := &cloud.BucketVersioning{Bucket: c.bucket}
	if err := s.account.BucketSetting(v); err != nil && !cloud.IsNotFound(err) {
		return err
	}
	answer(w, http.StatusOK, struct {
		XMLName struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ VersioningConfiguration"`
		Status  string   `xml:",omitempty"`
	}{Status: v.VersioningConfiguration.Status})
	return nil
}
