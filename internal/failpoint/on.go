//go:build failpoints

package failpoint

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/bandstand-app/bandstand/internal/club"
)

// Variable says what happens where: name:hit:action, several of them with
// commas. The hits of a point are counted from 1.
const Variable = "BANDSTAND_FAILPOINTS"

// The actions: end the process as a power cut would, fail at this hit, fail at
// this and all later ones.
const (
	Kill    = "kill"
	Error   = "error"
	Lasting = "lasting"
)

//go:embed names.txt
var names string

// point is what happens at one name.
type point struct {
	at, hits int
	action   string
}

// points are those of Variable. Wrong ones are a mistake of the test: the
// program does not begin.
var points = sync.OnceValue(func() map[string]*point {
	all := map[string]*point{}
	for one := range strings.SplitSeq(os.Getenv(Variable), ",") {
		if one == "" {
			continue
		}
		p, name, err := parse(one)
		if err != nil {
			panic(fmt.Sprintf("%s: %q: %v", Variable, one, err))
		}
		all[name] = p
	}
	return all
})

func parse(one string) (*point, string, error) {
	parts := strings.Split(one, ":")
	if len(parts) != 3 {
		return nil, "", errors.New("not name:hit:action")
	}
	at, err := strconv.Atoi(parts[1])
	if err != nil {
		return nil, "", err
	}
	if !slices.Contains(strings.Fields(names), parts[0]) {
		return nil, "", errors.New("there is no such point")
	}
	if !slices.Contains([]string{Kill, Error, Lasting}, parts[2]) {
		return nil, "", errors.New("there is no such action")
	}
	return &point{at: at, action: parts[2]}, parts[0], nil
}

var counting sync.Mutex

// Hit is where something may go wrong. An error is that of a disk that takes
// nothing.
func Hit(name string) error {
	p, ok := points()[name]
	if !ok {
		return nil
	}
	counting.Lock()
	p.hits++
	hits := p.hits
	counting.Unlock()
	if hits < p.at || hits > p.at && p.action != Lasting {
		return nil
	}
	if hits == p.at {
		fmt.Fprintf(os.Stderr, "failpoint %s:%d:%s\n", name, hits, p.action)
	}
	if p.action == Kill {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // it is not delivered at once
	}
	return &club.Error{Code: club.Full, Key: "error_no_write", Err: errors.New("failpoint " + name)}
}
