package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// The plot is a panel per policy, all of one scale, with the load offered and the
// load served over the time since the server is back. Its size is in pixels.
const (
	plotWidth   = 860.0
	panelHeight = 104.0
	panelGap    = 22.0
	marginLeft  = 48.0
	marginRight = 16.0
	marginTop   = 58.0
	highest     = 3.0 // times the capacity; more is cut off, and said
	average     = time.Second
)

// plot draws results as SVG, with colours that can be told apart without colour vision.
func plot(out io.Writer, results []result) {
	height := marginTop + float64(len(results))*(panelHeight+panelGap) + 24
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="system-ui, sans-serif" font-size="12">`+"\n", plotWidth, height)
	fmt.Fprintln(out, `<rect width="100%" height="100%" fill="#ffffff"/>`)
	if len(results) > 0 {
		r := &results[0]
		text(out, marginLeft, 20, "start", "#111", fmt.Sprintf("%d shippers with an hour of backlog meet a server that is back and bears %.0f requests/s", r.shippers, r.capacity))
	}
	swatch(out, marginLeft, "#d55e00", "offered, over the capacity")
	swatch(out, marginLeft+190, "#9ccbe8", "served")
	for i := range results {
		panel(out, &results[i], marginTop+float64(i)*(panelHeight+panelGap))
	}
	bottom := marginTop + float64(len(results))*(panelHeight+panelGap) - panelGap
	for at := time.Duration(0); at <= look; at += 30 * time.Second {
		text(out, across(at), bottom+16, "middle", "#555", fmt.Sprintf("%.0f s", at.Seconds()))
	}
	fmt.Fprintln(out, "</svg>")
}

func panel(out io.Writer, r *result, top float64) {
	y := func(load float64) float64 { return top + panelHeight*(1-min(load, highest)/highest) }
	var offered, served strings.Builder
	n := int(average / tickLength)
	end := time.Duration(0)
	for i := 0; i+n <= len(r.ticks) && end < look; i += n {
		o, s := 0, 0
		for _, t := range r.ticks[i : i+n] {
			o, s = o+t.offered, s+t.served
		}
		begin := time.Duration(i) * tickLength
		end = begin + average
		fmt.Fprintf(&offered, "%.1f,%.1f %.1f,%.1f ", across(begin), y(r.load(o, average)), across(end), y(r.load(o, average)))
		fmt.Fprintf(&served, "%.1f,%.1f %.1f,%.1f ", across(begin), y(r.load(s, average)), across(end), y(r.load(s, average)))
	}
	fmt.Fprintf(out, `<polygon fill="#9ccbe8" points="%.1f,%.1f %s%.1f,%.1f"/>`+"\n", across(0), y(0), served.String(), across(end), y(0))
	for load := 0.0; load <= highest; load++ {
		line, dash := "#ddd", ""
		if load == 1 {
			line, dash = "#333", ` stroke-dasharray="4 3"`
		}
		fmt.Fprintf(out, `<path d="M%.1f %.1fH%.1f" stroke="%s"%s/>`+"\n", across(0), y(load), across(look), line, dash)
		text(out, marginLeft-6, y(load)+4, "end", "#555", fmt.Sprintf("%.0fx", load))
	}
	fmt.Fprintf(out, `<polyline fill="none" stroke="#d55e00" stroke-width="1.5" points="%s"/>`+"\n", offered.String())
	text(out, across(look), top-5, "end", "#111", fmt.Sprintf("%s: peak %.2fx in 10 s, %s refused, 95%% in after %s",
		r.policy.name, r.peak10, thousands(r.refused), r.most.time()))
}

// across returns where a time is on the page.
func across(at time.Duration) float64 {
	return marginLeft + (plotWidth-marginLeft-marginRight)*at.Seconds()/look.Seconds()
}

func swatch(out io.Writer, x float64, color, label string) {
	fmt.Fprintf(out, `<rect x="%.0f" y="30" width="12" height="12" fill="%s"/>`+"\n", x, color)
	text(out, x+18, 40, "start", "#111", label)
}

func text(out io.Writer, x, y float64, anchor, color, s string) {
	fmt.Fprintf(out, `<text x="%.1f" y="%.1f" text-anchor="%s" fill="%s">%s</text>`+"\n", x, y, anchor, color, s)
}

// thousands writes 832799 as 832,799.
func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
