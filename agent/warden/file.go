package warden

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// FilePath is where the agent reads a file of the home that is closed to it, as what a
// participant made is collected.
const FilePath = "/file"

// file answers GET /file?path= with a file of the session's user, in their home. Whatever they
// put in its place, nothing else is opened: no link is followed, no other disk's file read, no
// pipe or device waited for.
func (w *Warden) file(rw http.ResponseWriter, r *http.Request) {
	f, size, err := openFile(r.URL.Query().Get("path"))
	if err != nil {
		answer(rw, err)
		return
	}
	defer f.Close()
	rw.Header().Set("Content-Type", "application/octet-stream")
	rw.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	_, _ = io.CopyN(rw, f, size) // one that became shorter ends early, which who reads sees
}

// openFile opens a file of the session that there is.
func openFile(name string) (*os.File, int64, error) {
	if !fs.ValidPath(name) || name == "." {
		return nil, 0, api.Problemf(api.Invalid, "That is no file's path", "It begins in the home, and leads nowhere else.")
	}
	before, err := current()
	if err != nil {
		return nil, 0, err
	}
	home, err := os.OpenFile(host.Path(Home), os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, 0, noFile(err)
	}
	defer home.Close()
	if now, err := current(); err != nil || now == "" || now != before {
		return nil, 0, api.Problemf(api.NotFound, "There is no session", "Nobody has a home here now.")
	}
	return openBelow(folder{home, Home}, name)
}

// openBelow opens a regular file below a folder that belongs to who has the folder. It is
// held by what is no more than its name first, and opened once it is known to be a file.
func openBelow(home folder, path string) (*os.File, int64, error) {
	held, err := home.hold(path)
	if err != nil {
		return nil, 0, noFile(err)
	}
	defer held.Close()
	of, whose, err := both(held, home.File)
	if err != nil {
		return nil, 0, noFile(err)
	}
	if of.Mode&unix.S_IFMT != unix.S_IFREG || of.Uid != whose.Uid {
		return nil, 0, api.Problemf(api.NotFound, "That is no file of the session's user", "Another thing is there.")
	}
	f, err := os.OpenFile(name(held), os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, 0, noFile(err)
	}
	return f, of.Size, nil
}

// both is what two open files are.
func both(a, b *os.File) (of, other unix.Stat_t, err error) {
	err = errors.Join(unix.Fstat(int(a.Fd()), &of), unix.Fstat(int(b.Fd()), &other))
	return of, other, err
}

func noFile(err error) error {
	return api.Problemf(api.NotFound, "The file cannot be read", "%s.", err)
}

// Reader reads files of the home that are closed to the agent, through the warden.
type Reader struct {
	// URL is where the warden is, and HTTP reaches it.
	URL  string
	HTTP *http.Client
}

// Open opens a file by its path in the home.
func (a Reader) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.URL+FilePath+"?"+url.Values{"path": {name}}.Encode(), nil)
	if err != nil {
		return nil, fmt.Errorf("ask for a file: %w", err)
	}
	res, err := a.HTTP.Do(req)
	if err != nil {
		return nil, &agent.Away{Err: fmt.Errorf("ask for a file: %w", err)}
	}
	if res.StatusCode == http.StatusOK {
		return res.Body, nil
	}
	defer res.Body.Close()
	p := &api.Problem{}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxAsked)).Decode(p); err != nil || p.Code == "" {
		return nil, fmt.Errorf("the file cannot be read: %s", res.Status)
	}
	return nil, p
}
