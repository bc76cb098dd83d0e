package system

import (
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

// kept is what was acknowledged. It has to be there, unless its end was asked for, and may
// not be there once that was acknowledged.
type kept struct {
	mu     sync.Mutex
	things map[string]*thing // by their ids
	asked  map[string]bool   // of what the end was asked for, also before it was acknowledged
	steps  map[int]int       // how much each of the people does at the moment
	left   map[int]bool      // who of them leaves meanwhile
	done   map[string]int    // how often each step was carried out
}

type thing struct {
	kind     string
	workshop string // of a seat or a join token
	who      int    // whose seat it is
	mayEnd   bool   // its end was asked for
	hasEnded bool   // and acknowledged
}

func newKept() *kept {
	return &kept{things: map[string]*thing{}, asked: map[string]bool{}, done: map[string]int{}}
}

// begin is told what happens at once.
func (k *kept) begin(happening []step) {
	k.steps, k.left = map[int]int{}, map[int]bool{}
	for _, s := range happening {
		if s.what == "claim" || s.what == "leave" {
			k.steps[s.who]++
		}
	}
}

// did counts a step, unless it was refused or nobody knows.
func (k *kept) did(s step, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err == nil {
		k.done[s.what]++
	}
}

// acknowledged keeps what there is, unless it was refused or nobody knows.
func (k *kept) acknowledged(err error, id string, of thing) {
	if err != nil || id == "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.things[id] != nil {
		return // who claims a seat again has the same
	}
	of.mayEnd = k.asked[id] || k.asked[of.workshop] || of.kind == "seat" && k.left[of.who]
	k.things[id] = &of
}

// mayEnd is told before the end of something is asked for, which may be a workshop with
// all that it has.
func (k *kept) mayEnd(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked[id] = true
	for its, of := range k.things {
		of.mayEnd = of.mayEnd || its == id || of.workshop == id
	}
}

// leaves is told before somebody leaves.
func (k *kept) leaves(who int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.left[who] = true
	for _, of := range k.things {
		of.mayEnd = of.mayEnd || of.kind == "seat" && of.who == who
	}
}

// alone reports whether somebody does one thing at the moment.
func (k *kept) alone(who int) bool { return k.steps[who] == 1 }

// ended keeps that the end of something was acknowledged.
func (k *kept) ended(err error, id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if of := k.things[id]; err == nil && of != nil {
		of.hasEnded = true
	}
}

// check compares with the things of one kind that there are.
func (k *kept) check(t *testing.T, kind string, there map[string]bool) {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, of := range k.things {
		if of.kind == kind {
			require.True(t, there[id] || of.mayEnd, "the %s %s was acknowledged, and is gone", kind, id)
			require.False(t, there[id] && of.hasEnded, "the %s %s has ended, as was acknowledged, and is there", kind, id)
		}
	}
}

// read is what is at a path, also where the database does not answer at once, as after a kill.
func read[T any](t *testing.T, c *api.Client, path string) (out T) {
	t.Helper()
	var err error
	eventually(t, "the database answers", func() bool {
		err = c.Do(t.Context(), http.MethodGet, path, nil, &out)
		return api.CodeOf(err) != api.Unavailable // it says to ask again
	})
	require.NoError(t, err)
	return out
}

// every lists all that there is, page by page.
func every[T any](t *testing.T, c *api.Client, path string) (all []T) {
	t.Helper()
	for after := ""; ; {
		page := read[api.Page[T]](t, c, path+"limit=200&after="+url.QueryEscape(after))
		all = append(all, page.Items...)
		if after = page.Next; after == "" {
			return all
		}
	}
}

// ids are those of all that a listing has, which is of one page.
func ids[T any](t *testing.T, c *api.Client, path string, id func(T) string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, of := range read[api.Page[T]](t, c, path).Items {
		out[id(of)] = true
	}
	return out
}
