package authority

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"

	"github.com/miekg/dns"
)

// Names is a DNS server that knows each name by its values of a type.
type Names struct {
	// Address is where it listens.
	Address string

	lookup  func(name, kind string) ([]string, error)
	server  *dns.Server
	serving sync.WaitGroup
}

// ServeNames serves the names that lookup knows over TCP, on a free port of loopback.
// Types are A, AAAA and TXT.
func ServeNames(lookup func(name, kind string) ([]string, error)) (*Names, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve names: %w", err)
	}
	n := &Names{lookup: lookup, Address: l.Addr().String()}
	n.serve(&dns.Server{Listener: l})
	return n, nil
}

// ServePackets serves them over UDP, on a connection that it takes over.
func ServePackets(c net.PacketConn, lookup func(name, kind string) ([]string, error)) *Names {
	n := &Names{lookup: lookup, Address: c.LocalAddr().String()}
	n.serve(&dns.Server{PacketConn: c})
	return n
}

func (n *Names) serve(server *dns.Server) {
	started := make(chan struct{})
	server.Handler, server.NotifyStartedFunc = n, func() { close(started) }
	n.server = server
	n.serving.Go(func() { _ = server.ActivateAndServe() }) // ends with Close
	<-started
}

// Close stops answering.
func (n *Names) Close() {
	_ = n.server.Shutdown() // it was started
	n.serving.Wait()
}

// Resolver asks the server at an address and nobody else.
func Resolver(address string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", address)
	}}
}

// ServeDNS answers one question.
func (n *Names) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	a := new(dns.Msg)
	a.SetReply(q)
	a.RecursionAvailable = true // what has no answer here has none elsewhere
	for _, question := range q.Question {
		values, err := n.lookup(strings.ToLower(strings.TrimSuffix(question.Name, ".")), dns.TypeToString[question.Qtype])
		if err != nil {
			a.Rcode = dns.RcodeServerFailure
		}
		for _, value := range values {
			header := dns.RR_Header{Name: question.Name, Rrtype: question.Qtype, Class: dns.ClassINET, Ttl: 1}
			switch question.Qtype {
			case dns.TypeA:
				a.Answer = append(a.Answer, &dns.A{Hdr: header, A: net.ParseIP(value)})
			case dns.TypeAAAA:
				a.Answer = append(a.Answer, &dns.AAAA{Hdr: header, AAAA: net.ParseIP(value)})
			case dns.TypeTXT:
				a.Answer = append(a.Answer, &dns.TXT{Hdr: header, Txt: []string{value}})
			}
		}
	}
	_ = w.WriteMsg(a) // who asked is gone
}
