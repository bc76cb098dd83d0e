package authority

import (
	"fmt"
	"net"
	"strings"
	"sync"

	"github.com/miekg/dns"
)

// resolver is the DNS that the authority asks, over TCP.
type resolver struct {
	lookup  func(name, kind string) ([]string, error)
	address string
	server  *dns.Server
	serving sync.WaitGroup
}

func serveDNS(lookup func(name, kind string) ([]string, error)) (*resolver, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve the authority's DNS: %w", err)
	}
	r := &resolver{lookup: lookup, address: l.Addr().String()}
	started := make(chan struct{})
	r.server = &dns.Server{Listener: l, Handler: r, NotifyStartedFunc: func() { close(started) }}
	r.serving.Go(func() { _ = r.server.ActivateAndServe() }) // ends with close
	<-started
	return r, nil
}

func (r *resolver) close() {
	_ = r.server.Shutdown() // it was started
	r.serving.Wait()
}

// ServeDNS answers one question.
func (r *resolver) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	a := new(dns.Msg)
	a.SetReply(q)
	for _, question := range q.Question {
		values, err := r.lookup(strings.ToLower(strings.TrimSuffix(question.Name, ".")), dns.TypeToString[question.Qtype])
		if err != nil {
			a.Rcode = dns.RcodeServerFailure
		}
		for _, value := range values {
			header := dns.RR_Header{Name: question.Name, Rrtype: question.Qtype, Class: dns.ClassINET, Ttl: 1}
			switch question.Qtype {
			case dns.TypeA:
				a.Answer = append(a.Answer, &dns.A{Hdr: header, A: net.ParseIP(value)})
			case dns.TypeTXT:
				a.Answer = append(a.Answer, &dns.TXT{Hdr: header, Txt: []string{value}})
			}
		}
	}
	_ = w.WriteMsg(a) // who asked is gone
}
