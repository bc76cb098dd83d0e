package web

import (
	"net/http"

	"github.com/talmolab/lablink-infrastructure/api"
)

// WithCollect answers POST /collect with how the collection goes.
func WithCollect(collect func(api.StartCollect) (api.CollectStatus, error)) Part {
	return func(mux *http.ServeMux) {
		mux.HandleFunc("POST /collect", func(w http.ResponseWriter, r *http.Request) {
			var in api.StartCollect
			if !read(w, r, &in) {
				return
			}
			status, err := collect(in)
			answer(w, func() api.CollectStatus { return status }, err)
		})
	}
}
