package web

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/access"
	"github.com/talmolab/lablink-infrastructure/api"
)

// creates are the operations of staff that create something, by their ids: sent twice
// with the same key, they create one.
var creates = map[string]bool{"open-workshop": true, "add-schedule": true, "add-user": true, "make-token": true, "make-join-token": true}

const (
	repeatHeader = "Idempotency-Key"
	// A key is long enough that nobody guesses it.
	shortestKey, longestKey = 16, 200
	// creating is how long a request may take at most; one that took longer was cut off.
	creating = 2 * patience
)

// repeatParam describes the key.
func repeatParam() *huma.Param {
	shortest, longest := shortestKey, longestKey
	return &huma.Param{
		Name: repeatHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString, MinLength: &shortest, MaxLength: &longest},
		Description: "A random text. The same request with the same key within 24 hours is carried out once and answered the same; another request with it is refused with 422.",
	}
}

// repeat is a request that may be sent again.
type repeat struct {
	key, request, seal [32]byte
	form               bool   // whether a page sent it
	appears            string // see formOnce
}

// newRepeat says what a request is known by. What is kept of it tells nothing to who
// does not know the key: the request may hold a password, and its answer a token. A user
// who is made anew under a name is another one.
func newRepeat(by access.Person, key string, r *http.Request, body []byte) repeat {
	user := by.Name + "\x00" + by.Since.UTC().Format(time.RFC3339Nano)
	sum := func(what string, more ...[]byte) [32]byte {
		return sha256.Sum256(bytes.Join(append([][]byte{[]byte(what), []byte(user), []byte(key)}, more...), []byte{0}))
	}
	return repeat{key: sum("key"), request: sum("request", []byte(r.URL.RequestURI()), body), seal: sum("seal", body)}
}

// once carries a request out once, however often it is sent with the same key.
func (s *server) once(mux *routes) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get(repeatHeader)
		_, pattern := mux.Handler(r)
		id := s.creating[pattern]
		p, err := allowed(r.Context(), id)
		if key == "" || id == "" || err != nil { // it is refused there
			mux.ServeHTTP(w, r)
			return
		}
		if len(key) < shortestKey || len(key) > longestKey {
			s.fail(w, r, api.Problemf(api.Invalid, "The key cannot be one", "%s has between %d and %d characters; a random UUID does well.", repeatHeader, shortestKey, longestKey))
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil { // it is refused there
			r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{err}))
			mux.ServeHTTP(w, r)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		s.carryOut(mux, w, r, newRepeat(p, key, r, body))
	})
}

// failing is a body that could not be read.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func (s *server) carryOut(next http.Handler, w http.ResponseWriter, r *http.Request, of repeat) {
	a := allocator.Answered{Key: of.key, Request: of.request, At: s.Service.Now()}
	begin := s.Service.Store.BeginAnswer
	if of.form {
		begin = s.beginForm
	}
	was, begun, err := begin(r.Context(), a)
	switch {
	case err != nil:
		s.fail(w, r, err)
	case !begun:
		s.answerAgain(w, r, was, of)
	default:
		heard := &answer{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(heard, r.WithContext(context.WithValue(r.Context(), unsureKey{}, &heard.unsure)))
		if err := s.keepAnswer(r, of, heard); err != nil {
			s.Log.ErrorContext(r.Context(), "the answer to a request that may be repeated was not kept", "path", r.URL.Path, "error", err)
		}
	}
}

// answer is an answer that is sent and remembered.
type answer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
	unsure bool // it is not known whether what was asked for happened
}

// unsureKey is the key of a request's unsure in its context.
type unsureKey struct{}

// tellUnsure keeps of a request that may be repeated that err leaves open whether it
// happened: so does a commit that went astray, and so does who hangs up in between.
func tellUnsure(ctx context.Context, err error) {
	unsure, ok := ctx.Value(unsureKey{}).(*bool)
	if ok && (errors.Is(err, allocator.ErrUnsure) || errors.Is(err, context.Canceled)) {
		*unsure = true
	}
}

// WriteHeader remembers the status.
func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Write remembers what is written.
func (a *answer) Write(p []byte) (int, error) {
	a.body.Write(p)
	return a.ResponseWriter.Write(p)
}

// sealed is what is kept of an answer.
type sealed struct {
	Type     string
	Location string            `json:",omitempty"`
	Headers  map[string]string `json:",omitempty"` // of a page
	Body     []byte
}

// ofPages are the headers that belong to the answer of a page.
var ofPages = []string{"Cache-Control", "Content-Encoding", "Vary"}

// newSealed is what is kept of an answer.
func newSealed(a *answer) sealed {
	out := sealed{Type: a.Header().Get("Content-Type"), Location: a.Header().Get("Location"), Headers: map[string]string{}, Body: a.body.Bytes()}
	for _, name := range ofPages {
		if all := a.Header().Values(name); len(all) > 0 {
			out.Headers[name] = strings.Join(all, ", ")
		}
	}
	return out
}

// keepAnswer keeps an answer. What was refused for a reason that passes changed nothing
// and may be asked again; of what nobody is sure nothing is kept, so that it is not done twice.
func (s *server) keepAnswer(r *http.Request, of repeat, a *answer) error {
	ctx, cancel := withoutCancel(r.Context())
	defer cancel()
	switch {
	case a.unsure:
		return nil
	case a.status >= 500, a.status == http.StatusTooManyRequests, of.form && a.status >= http.StatusBadRequest:
		return s.Service.Store.DropAnswer(ctx, of.key)
	}
	raw, err := json.Marshal(newSealed(a))
	if err != nil {
		return err
	}
	gcm, err := of.cipher()
	if err != nil {
		return err
	}
	nonce := make([]byte, gcm.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return s.Service.Store.KeepAnswer(ctx, of.key, a.status, gcm.Seal(nonce, nonce, raw, nil))
}

func (of repeat) cipher() (cipher.AEAD, error) {
	block, err := aes.NewCipher(of.seal[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// answerAgain answers a request that was sent before.
func (s *server) answerAgain(w http.ResponseWriter, r *http.Request, was allocator.Answered, of repeat) {
	switch {
	case was.Request != of.request:
		s.fail(w, r, api.Problemf(api.Invalid, "The key was used for another request", "Each request has a %s of its own; only the very same one is sent with it again.", repeatHeader))
		return
	case was.Status == 0 && of.appears != "":
		http.Redirect(w, r, of.appears, http.StatusSeeOther)
		return
	case was.Status == 0:
		s.fail(w, r, s.unanswered(was, of))
		return
	}
	raw, err := of.open(was.Answer)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", raw.Type)
	if raw.Location != "" {
		w.Header().Set("Location", raw.Location)
	}
	for name, value := range raw.Headers {
		w.Header().Set(name, value)
	}
	w.Header().Set("Idempotent-Replayed", "true")
	w.WriteHeader(was.Status)
	_, _ = w.Write(raw.Body)
}

// cutOff says whether a request that has no answer gets none any more.
func (s *server) cutOff(was allocator.Answered) bool {
	return s.Service.Now().Sub(was.At) >= creating
}

// unanswered is what is told of a request that was sent before and has no answer.
func (s *server) unanswered(was allocator.Answered, of repeat) *api.Problem {
	p := api.Problemf(api.Conflict, "The same request is being carried out", "Send it again in a moment for its answer.")
	switch gone := s.cutOff(was); {
	case gone && of.form:
		return api.Problemf(api.Conflict, "It is not known what became of that", "Go back and load the page again. Where what you made is in its list and you never saw its secret, revoke it there and make another one.")
	case gone:
		return api.Problemf(api.Conflict, "It is not known what became of that request", "It was cut off, as by a restart. Look whether what it was to create is there; where it is not, send it with another %s.", repeatHeader)
	case of.form:
		p = api.Problemf(api.Conflict, "That is still being done", "Load this page again in a moment, and let it send the form again: nothing is made twice.")
	}
	p.RetryAfter = time.Second
	return p
}

func (of repeat) open(answer []byte) (sealed, error) {
	var out sealed
	gcm, err := of.cipher()
	if err != nil {
		return out, err
	}
	if len(answer) < gcm.NonceSize() {
		return out, errors.New("an answer that was kept is cut off")
	}
	raw, err := gcm.Open(nil, answer[:gcm.NonceSize()], answer[gcm.NonceSize():], nil)
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(raw, &out)
}
