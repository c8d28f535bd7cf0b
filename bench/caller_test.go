package bench

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
)

// caller asks a server over kept connections with as little work as HTTP allows:
// it shares the cores with what is measured, and net/http's client takes as long
// as the server for a small answer.
type caller struct {
	addr string
	head string // lines of every request's head, each with its end
	idle chan *bufio.ReadWriter
}

func newCaller(b *testing.B, addr string) *caller { return newCallers(b, addr, concurrency) }

// newCallers keeps n connections, as many as may be asked over at once.
func newCallers(b *testing.B, addr string, n int) *caller {
	c := &caller{addr: addr, idle: make(chan *bufio.ReadWriter, n)}
	for range n {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { conn.Close() })
		c.idle <- bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn))
	}
	return c
}

// get reads an answer to its end; one that is not 200 is an error of b.
func (c *caller) get(b *testing.B, address string) {
	conn := <-c.idle
	defer func() { c.idle <- conn }()
	if status, body, err := c.ask(conn, address); err != nil || status != "HTTP/1.1 200 OK" {
		b.Errorf("GET %s: %s %v %s", address, status, err, body)
	}
}

func (c *caller) ask(conn *bufio.ReadWriter, address string) (status string, body []byte, err error) {
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", address, c.addr, c.head)
	if err := conn.Flush(); err != nil {
		return "", nil, err
	}
	length := -1
	for {
		line, err := conn.ReadSlice('\n')
		if err != nil {
			return status, nil, err
		}
		line = bytes.TrimSpace(line)
		if status == "" {
			status = string(line)
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return status, nil, err
			}
		}
		if len(line) == 0 {
			break
		}
	}
	if length < 0 {
		return status, nil, fmt.Errorf("an answer without a length")
	}
	body = make([]byte, length)
	_, err = io.ReadFull(conn, body)
	return status, body, err
}

// do sends a request with a body of JSON, or none, and reads its answer, whatever it is.
func (c *caller) do(method, address, body string) (code int, head http.Header, said string, err error) {
	conn := <-c.idle
	defer func() { c.idle <- conn }()
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", method, address, c.addr, len(body), body)
	if err := conn.Flush(); err != nil {
		return 0, nil, "", err
	}
	answer, err := http.ReadResponse(conn.Reader, nil)
	if err != nil {
		return 0, nil, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, answer.Header, string(text), err
}
