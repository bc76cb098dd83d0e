package wire

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	tokens "golang.org/x/time/rate"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// Server answers the API of one account.
type Server struct {
	account *cloud.Account
	now     func() time.Time
	// recordChanges are the times of changes to DNS records, by their ids.
	recordChanges sync.Map

	mu     sync.Mutex
	slower float64 // by which the buckets in limits are smaller
	limits map[string]*tokens.Limiter
}

// NewServer makes a server. now is the clock by which signatures expire.
func NewServer(a *cloud.Account, now func() time.Time) *Server {
	return &Server{account: a, now: now}
}

// ServeHTTP answers one request, in the protocol of the service that it is
// signed for.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, refused := s.verify(r)
	if refused != nil {
		fail(w, Service(r), refused)
		return
	}
	switch c.service {
	case "ec2":
		s.ec2(w, c)
	case "sts":
		s.sts(w, c)
	case "ssm":
		s.ssm(w, c)
	case "secretsmanager":
		s.secrets(w, c)
	case "s3":
		s.s3(w, c)
	case "route53":
		s.route53(w, c)
	case "kms":
		s.kms(w, c)
	case "iam":
		s.iam(w, c)
	case "tagging":
		s.tagging(w, c)
	case "pricing":
		s.pricing(w, c)
	case "servicequotas":
		s.quotas(w, c)
	default:
		fail(w, c.service, &cloud.Error{Code: "UnknownService", Message: "the simulator does not have the service " + strconv.Quote(c.service), Status: 404})
	}
}

// fail answers with an error in the form of the service's protocol.
func fail(w http.ResponseWriter, service string, err error) {
	var e *cloud.Error
	if !errors.As(err, &e) {
		e = &cloud.Error{Code: "InternalError", Message: err.Error(), Status: 500}
	}
	id := uuid.NewString()
	switch service {
	case "ec2":
		type item struct{ Code, Message string }
		answer(w, e.Status, struct {
			XMLName   xml.Name `xml:"Response"`
			Errors    []item   `xml:"Errors>Error"`
			RequestID string
		}{Errors: []item{{e.Code, e.Message}}, RequestID: id})
	case "ssm", "secretsmanager", "kms", "pricing", "servicequotas", "tagging":
		status, code := e.Status, e.Code
		if code == "UnauthorizedOperation" {
			status, code = 400, "AccessDeniedException"
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": e.Message})
	case "s3":
		code := e.Code
		if code == "UnauthorizedOperation" {
			code = "AccessDenied"
		}
		answer(w, e.Status, struct {
			XMLName                  xml.Name `xml:"Error"`
			Code, Message, RequestID string
		}{Code: code, Message: e.Message, RequestID: id})
	default:
		code := e.Code
		if code == "UnauthorizedOperation" {
			code = "AccessDenied"
		}
		answer(w, e.Status, struct {
			XMLName   xml.Name `xml:"ErrorResponse"`
			Type      string   `xml:"Error>Type"`
			Code      string   `xml:"Error>Code"`
			Message   string   `xml:"Error>Message"`
			RequestID string   `xml:"RequestId"`
		}{Type: "Sender", Code: code, Message: e.Message, RequestID: id})
	}
}

// answer writes an XML document.
func answer(w http.ResponseWriter, status int, v any) {
	raw, err := xml.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(append([]byte(xml.Header), raw...))
}

func lengthOf(r *http.Request) string { return strconv.FormatInt(r.ContentLength, 10) }
