// Command check reads profiles with the parser of the Go tool and prints what it made of them as JSON: one summary for
// each file named on the command line, and one for all of them merged. It fails on anything that parser objects to.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/google/pprof/profile"
)

type valueType struct {
	Type string `json:"type"`
	Unit string `json:"unit"`
}

type summary struct {
	SampleTypes       []valueType `json:"sampleTypes"`
	DefaultSampleType string      `json:"defaultSampleType"`
	PeriodType        *valueType  `json:"periodType"`
	Period            int64       `json:"period"`
	// Numbers beyond 2^53 do not survive JavaScript's JSON.
	TimeNanos     int64    `json:"timeNanos,string"`
	DurationNanos int64    `json:"durationNanos,string"`
	Comments      []string `json:"comments"`
	Files         []string `json:"files"`
	Samples       int      `json:"samples"`
	Locations     int      `json:"locations"`
	Functions     int      `json:"functions"`
	Mappings      int      `json:"mappings"`
	// The sum of each column.
	Totals []int64 `json:"totals"`
	// The sum of each column over the samples with that function at the leaf, by its name.
	Flat map[string][]int64 `json:"flat"`
	// The sum of each column over the samples with that number as their label "bytes".
	Bytes map[string][]int64 `json:"bytes"`
}

func main() {
	var result struct {
		Profiles []summary `json:"profiles"`
		Merged   summary   `json:"merged"`
	}
	var profiles []*profile.Profile
	for _, name := range os.Args[1:] {
		p := read(name)
		profiles = append(profiles, p)
		result.Profiles = append(result.Profiles, summarize(p))
	}
	merged, err := profile.Merge(profiles)
	if err != nil {
		fail("merge", err)
	}
	if err := merged.CheckValid(); err != nil {
		fail("merge", err)
	}
	result.Merged = summarize(merged)
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fail("output", err)
	}
}

func read(name string) *profile.Profile {
	f, err := os.Open(name)
	if err != nil {
		fail(name, err)
	}
	defer f.Close()
	p, err := profile.Parse(f)
	if err != nil {
		fail(name, err)
	}
	if err := p.CheckValid(); err != nil {
		fail(name, err)
	}
	return p
}

func summarize(p *profile.Profile) summary {
	s := summary{
		DefaultSampleType: p.DefaultSampleType,
		Period:            p.Period,
		TimeNanos:         p.TimeNanos,
		DurationNanos:     p.DurationNanos,
		Comments:          p.Comments,
		Samples:           len(p.Sample),
		Locations:         len(p.Location),
		Functions:         len(p.Function),
		Mappings:          len(p.Mapping),
		Totals:            make([]int64, len(p.SampleType)),
		Flat:              map[string][]int64{},
		Bytes:             map[string][]int64{},
	}
	for _, t := range p.SampleType {
		s.SampleTypes = append(s.SampleTypes, valueType{t.Type, t.Unit})
	}
	if t := p.PeriodType; t != nil {
		s.PeriodType = &valueType{t.Type, t.Unit}
	}
	for _, m := range p.Mapping {
		s.Files = append(s.Files, m.File)
	}
	for _, sample := range p.Sample {
		add(s.Totals, sample.Value)
		if len(sample.Location) > 0 && len(sample.Location[0].Line) > 0 {
			addTo(s.Flat, sample.Location[0].Line[0].Function.Name, sample.Value)
		}
		for _, size := range sample.NumLabel["bytes"] {
			addTo(s.Bytes, fmt.Sprint(size), sample.Value)
		}
	}
	return s
}

func addTo(sums map[string][]int64, key string, values []int64) {
	if sums[key] == nil {
		sums[key] = make([]int64, len(values))
	}
	add(sums[key], values)
}

func add(sums, values []int64) {
	for i, v := range values {
		sums[i] += v
	}
}

func fail(what string, err error) {
	fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
	os.Exit(1)
}
