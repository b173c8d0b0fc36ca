// Reads a profile and writes it again as often as is asked for, with github.com/google/pprof/profile: what
// `go tool pprof` is made of. Prints the CPU time of each writing in milliseconds, garbage collection included.
package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/google/pprof/profile"
)

func main() {
	data, err := os.ReadFile(os.Args[1])
	check(err)
	times, err := strconv.Atoi(os.Args[2])
	check(err)
	parsed, err := profile.ParseUncompressed(data)
	check(err)
	// Once without looking, as the others have warmed up, too.
	write(parsed)
	before := cpuTime()
	for i := 0; i < times; i++ {
		write(parsed)
	}
	fmt.Println(float64((cpuTime() - before).Microseconds()) / 1000 / float64(times))
}

func write(p *profile.Profile) {
	var out bytes.Buffer
	check(p.WriteUncompressed(&out))
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
