package site

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"text/template"
	"time"

	"github.com/specify-cli/specify/bench/proc"
)

// nginx is a running nginx.
type nginx struct {
	version           string
	plain, tls, http2 int // ports
	process           *exec.Cmd
}

// conf says, where it departs from nginx's defaults: no request is the last one of
// its connection; a small body leaves in one packet with its header, which sendfile
// would send after it; nobody but this machine is served, although it listens on
// every address, for the sake of all of 127.0.0.0/8.
var conf = template.Must(template.New("").Parse(`
worker_processes 1;
worker_rlimit_nofile {{.Files}};
daemon off;
pid {{.Dir}}/nginx.pid;
error_log {{.Dir}}/error.log;
events { worker_connections {{.Files}}; }
http {
    access_log off;
    client_body_temp_path {{.Dir}}/body;
    proxy_temp_path {{.Dir}}/proxy;
    fastcgi_temp_path {{.Dir}}/fastcgi;
    uwsgi_temp_path {{.Dir}}/uwsgi;
    scgi_temp_path {{.Dir}}/scgi;
    keepalive_requests 1000000000;
    open_file_cache max=10;
    sendfile_max_chunk 2m;
    allow 127.0.0.0/8;
    deny all;
    root {{.Dir}}/www;
    server {
        listen {{.Plain}} backlog=4096;
        location /small/ { try_files /small =404; }
        {{- range .Middling}}
        location /kib/{{.}}/ { sendfile on; try_files /kib{{.}} =404; }
        {{- end}}
        location = /big { sendfile on; }
        location = /status { stub_status; }
    }
    {{- range $host, $file := .Certificates}}
    server {
        listen {{$host}}:{{$.TLS}} ssl;
        ssl_certificate {{$file}};
        ssl_certificate_key {{$file}};
        location /small/ { try_files /small =404; }
    }
    {{- end}}
    server {
        listen {{.One}}:{{.HTTP2}} ssl http2;
        ssl_certificate {{index .Certificates .One}};
        ssl_certificate_key {{index .Certificates .One}};
        location /small/ { try_files /small =404; }
    }
}
`))

func startNginx(path string, c Config, certs *certificates) (*nginx, error) {
	n := &nginx{version: "nginx " + proc.Version(path)}
	for _, port := range []*int{&n.plain, &n.tls, &n.http2} {
		free, err := freePort()
		if err != nil {
			return nil, err
		}
		*port = free
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return nil, err
	}
	var text strings.Builder
	err := conf.Execute(&text, map[string]any{
		"Dir": c.Dir, "Plain": n.plain, "TLS": n.tls, "HTTP2": n.http2, "One": Host(0, 1), "Certificates": certs.files,
		"Middling": Middling, "Files": min(limit.Max, 65_536),
	})
	if err != nil {
		return nil, err
	}
	name := filepath.Join(c.Dir, "nginx.conf")
	if err := os.WriteFile(name, []byte(text.String()), 0o644); err != nil {
		return nil, err
	}
	log := filepath.Join(c.Dir, "error.log")
	n.process = exec.Command(path, "-p", c.Dir, "-e", log, "-c", name)
	if err := n.process.Start(); err != nil {
		return nil, err
	}
	for range 100 {
		if answers(n.plain) && answers(n.tls) && answers(n.http2) {
			return n, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	n.stop()
	said, _ := os.ReadFile(log)
	return nil, fmt.Errorf("nginx does not listen: %s", said)
}

// stop ends nginx and waits for it.
func (n *nginx) stop() {
	if err := n.process.Process.Signal(syscall.SIGTERM); err == nil || errors.Is(err, os.ErrProcessDone) {
		n.process.Wait()
	}
}

func answers(port int) bool {
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// freePort returns a port that nobody listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
