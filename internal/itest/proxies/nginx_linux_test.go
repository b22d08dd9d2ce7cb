package proxies

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// nginx is a real one, in front of a log server, with a folder of its own.
type nginx struct {
	t          *testing.T
	addr, dir  string
	upstream   string
	path       string
	generation int // of the configuration
	group      *group

	// What the configuration says besides, from the next start or reload on; see nginxConf.
	listen, http, server, location string
}

// ownAddr is an address to listen on again and again. It is one that connections do not
// come from, which could have taken the port meanwhile.
func ownAddr() string {
	return fmt.Sprintf("127.%d.%d.%d:4318", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
}

// nginxConf keeps request bodies in memory: the workers of root's nginx belong to nobody,
// who may not enter a temporary folder. Old workers go after a while although a connection
// that a client keeps in reserve has never been used.
const nginxConf = `
daemon off;
worker_processes 1;
worker_shutdown_timeout 3s;
pid nginx.pid;
error_log error.log notice;
events { worker_connections 128; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy;
  fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  client_body_buffer_size 1m;
  log_format posts '$connection $status $server_protocol $msec';
  %s
  server {
    listen %s %s;
    %s
    location = /generation { return 200 "%d"; }
    location /v1/logs {
      access_log access.log posts;
      proxy_pass http://%s;
      %s
    }
  }
}
`

// newNginx prepares an nginx that is not started yet.
func newNginx(t *testing.T, upstream string) *nginx {
	t.Helper()
	n := &nginx{t: t, addr: ownAddr(), dir: t.TempDir(), upstream: upstream}
	t.Cleanup(func() {
		if t.Failed() && n.group != nil {
			t.Log(n.read("output"), n.read("error.log"))
		}
	})
	for _, name := range []string{"nginx", "/usr/sbin/nginx"} { // The latter is in root's PATH only.
		if path, err := exec.LookPath(name); err == nil {
			n.path = path
			return n
		}
	}
	const missing = "nginx is not installed: on Debian, apt-get install nginx"
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return nil
}

func (n *nginx) endpoint() string { return "http://" + n.addr }

// configure writes the configuration, as a new generation.
func (n *nginx) configure() {
	n.t.Helper()
	n.generation++
	text := fmt.Sprintf(nginxConf, n.http, n.addr, n.listen, n.server, n.generation, n.upstream, n.location)
	require.NoError(n.t, os.WriteFile(filepath.Join(n.dir, "nginx.conf"), []byte(text), 0o600))
}

func (n *nginx) start() {
	n.t.Helper()
	n.configure()
	output, err := os.OpenFile(filepath.Join(n.dir, "output"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(n.t, err)
	defer output.Close()
	n.group = startGroup(n.t, output, n.path, "-p", n.dir, "-c", "nginx.conf", "-e", "error.log")
	n.awaitGeneration()
}

// reload replaces the workers as an operator does: the old ones finish what they have.
// It returns when they have.
func (n *nginx) reload() {
	n.t.Helper()
	gone := func() int { return strings.Count(n.read("error.log"), "exited with code 0") }
	before := gone()
	n.configure()
	n.group.signal(n.t, syscall.SIGHUP)
	n.awaitGeneration()
	eventually(n.t, "the end of the old workers", func() bool { return gone() > before })
}

// awaitGeneration waits until the configuration that was written last is in force.
func (n *nginx) awaitGeneration() {
	n.t.Helper()
	eventually(n.t, "the configuration", func() bool { return n.serves() == fmt.Sprint(n.generation) })
}

// serves returns the generation that answers, "" if none does.
func (n *nginx) serves() string {
	scheme := "http://"
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: n.trust()}}
	if n.listen != "" {
		scheme = "https://"
	}
	resp, err := client.Get(scheme + n.addr + "/generation")
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return string(b)
}

// kill ends nginx without warning, master and workers.
func (n *nginx) kill() {
	n.t.Helper()
	n.group.kill(n.t)
	// The workers were killed with it; their sockets may live a moment longer.
	eventually(n.t, "the port is free", func() bool {
		c, err := net.Dial("tcp", n.addr)
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
}

// stop lets nginx finish what it has.
func (n *nginx) stop() {
	n.t.Helper()
	n.group.signal(n.t, syscall.SIGQUIT)
	n.group.wait(n.t)
}

func (n *nginx) read(name string) string {
	b, _ := os.ReadFile(filepath.Join(n.dir, name))
	return string(b)
}

// post is a request for records, as nginx saw it.
type post struct {
	connection, status, protocol string
	at                           float64 // when it was answered, in seconds
}

// posts stops nginx, so that its log is complete, and returns what is in there.
func (n *nginx) posts() []post {
	n.t.Helper()
	n.stop()
	var all []post
	for line := range strings.Lines(n.read("access.log")) {
		var p post
		_, err := fmt.Sscan(line, &p.connection, &p.status, &p.protocol, &p.at)
		require.NoError(n.t, err, "%q", line)
		all = append(all, p)
	}
	return all
}

// tally counts requests by one of their properties.
func tally(posts []post, of func(post) string) map[string]int {
	n := map[string]int{}
	for _, p := range posts {
		n[of(p)]++
	}
	return n
}

func byStatus(p post) string     { return p.status }
func byConnection(p post) string { return p.connection }
func byProtocol(p post) string   { return p.protocol }
