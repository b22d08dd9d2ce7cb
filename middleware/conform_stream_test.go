package middleware_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
)

func streams() []conform {
	return []conform{
		{
			name: "flushes", want: []expected{{message: "GET / 200", sent: 12}},
			serve: func(s *scene, w http.ResponseWriter, _ *http.Request) {
				for range 2 {
					_, _ = io.WriteString(w, "event\n")
					w.(http.Flusher).Flush()
					s.await() // for ever, if the event is held back
				}
			},
			visit: func(s *scene) {
				resp, err := s.client.Do(s.request(http.MethodGet, "/", nil))
				if err != nil {
					s.visitor("%v", err)
					return
				}
				lines := bufio.NewReader(resp.Body)
				for range 2 {
					line, err := lines.ReadString('\n')
					s.visitor("%q %v", line, err)
					s.step()
				}
				s.rest(resp)
			},
		},
		{
			name: "events until the client leaves", loose: true,
			want: []expected{{message: "GET / 200", kind: "client_closed_request", sent: 9}},
			serve: func(s *scene, w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				_, _ = io.WriteString(w, "data: 1\n\n")
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
				s.handler("%v", context.Cause(r.Context()))
			},
			visit: func(s *scene) {
				ctx, leave := context.WithCancel(s.Context())
				defer leave()
				resp, err := s.client.Do(s.request(http.MethodGet, "/", nil).WithContext(ctx))
				if err != nil {
					s.visitor("%v", err)
					return
				}
				event := make([]byte, 9)
				_, err = io.ReadFull(resp.Body, event)
				s.visitor("%q %v", event, err)
				leave()
				_ = resp.Body.Close()
			},
		},
		{
			name: "both ways at once", want: []expected{{message: "POST / 200", received: 6, sent: 6}},
			serve: func(s *scene, w http.ResponseWriter, r *http.Request) {
				rc := http.NewResponseController(w)
				s.handler("%v", rc.EnableFullDuplex())
				part := make([]byte, 3)
				for range 2 {
					_, err := io.ReadFull(r.Body, part)
					_, _ = w.Write(part)
					s.handler("%q %v %v", part, err, rc.Flush())
				}
			},
			visit: func(s *scene) {
				body, up := io.Pipe()
				go func() {
					_, _ = io.WriteString(up, "one")
					s.await()
					_, _ = io.WriteString(up, "two")
					_ = up.Close()
				}()
				resp, err := s.client.Do(s.request(http.MethodPost, "/", body))
				if err != nil {
					s.visitor("%v", err)
					return
				}
				part := make([]byte, 3)
				_, err = io.ReadFull(resp.Body, part)
				s.visitor("%q %v", part, err)
				s.step()
				s.rest(resp)
			},
		},
		{
			name: "a WebSocket", on: "http1", want: []expected{{message: "GET /ws 101", sent: -1}},
			serve: upgrade,
			visit: func(s *scene) { upgraded(s, s.server.Listener.Addr().String()) },
		},
		{
			name: "no upgrade", on: "http2", want: []expected{{message: "GET / 501", level: 8, kind: "501", sent: 0}},
			serve: upgrade,
		},
	}
}

// upgrade turns the connection into one that echoes a line.
func upgrade(s *scene, w http.ResponseWriter, r *http.Request) {
	s.handler("%q", r.Header["Upgrade"])
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		s.handler("%v", err)
		w.WriteHeader(http.StatusNotImplemented)
		return
	}
	defer conn.Close()
	_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	_ = rw.Flush()
	line, err := rw.ReadString('\n')
	s.handler("%q %v", line, err)
	_, _ = rw.WriteString(line)
	_ = rw.Flush()
	_, err = io.WriteString(w, "x")
	s.handler("%v", err)
	_, _, err = http.NewResponseController(w).Hijack()
	s.handler("%v", err)
}

// upgraded talks to it by hand.
func upgraded(s *scene, addr string) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		s.visitor("%v", err)
		return
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadString('\n')
		// Headers that a proxy adds come in no order.
		if err != nil || line == "\r\n" {
			s.visitor("%q %v", line, err)
			break
		}
		if strings.HasPrefix(line, "HTTP/") || strings.HasPrefix(line, "Upgrade:") {
			s.visitor("%q", line)
		}
	}
	_, _ = io.WriteString(conn, "ping\n")
	rest, err := io.ReadAll(in)
	s.visitor("%q %v", rest, err)
}
