package web

import (
	"net/http"

	"github.com/talmolab/lablink-infrastructure/api"
)

// WithReboot answers POST /reboot: reboot is called for the boot that the machine is
// at, whose id is boot.
func WithReboot(boot string, reboot func() error) Part {
	return func(mux *http.ServeMux) {
		mux.HandleFunc("POST /reboot", func(w http.ResponseWriter, r *http.Request) {
			var in api.StartReboot
			if !read(w, r, &in) {
				return
			}
			if in.BootID != boot {
				fail(w, api.Problemf(api.Conflict, "The machine has rebooted already", "It is at boot %s.", boot))
				return
			}
			answer(w, func() struct{} { return struct{}{} }, reboot())
		})
	}
}
