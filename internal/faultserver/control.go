package faultserver

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// controlRoutes are the paths by which a script asks the Server itself. They
// are never counted.
//
//	/_stats              Stats as JSON; ?log=1 with the log
//	/_count?path=P       the requests for path P, as a number; ?listener=L of one listener
//	/_commits?path=P     as Server.Commits
//	/_reset              as Server.Reset
//	/_outage?mode=M&for=D  as Server.SetOutage; D is a Go duration
//	/_urls               the base URL of each listener, as JSON
//	/_ca.pem             as Server.CAPEM
var controlRoutes = sync.OnceValue(func() map[string]func(*request) answer {
	return map[string]func(*request) answer{
		"_stats":   statsControl,
		"_count":   countControl,
		"_commits": commitsControl,
		"_reset":   resetControl,
		"_outage":  outageControl,
		"_urls":    urlsControl,
		"_ca.pem":  func(r *request) answer { return text(http.StatusOK, string(r.server.CAPEM())) },
	}
})

func statsControl(r *request) answer {
	return jsonAnswer(json.MarshalIndent(r.server.stats.snapshot(r.query("log", 0) != 0), "", "  "))
}

func countControl(r *request) answer {
	q := r.URL.Query()
	n := r.server.Count(q.Get("path"))
	if q.Has("listener") {
		n = r.server.CountOn(q.Get("listener"), q.Get("path"))
	}
	return text(http.StatusOK, strconv.Itoa(n)+"\n")
}

func commitsControl(r *request) answer {
	return text(http.StatusOK, strconv.Itoa(r.server.Commits(r.URL.Query().Get("path")))+"\n")
}

func resetControl(r *request) answer {
	r.server.Reset()
	return text(http.StatusOK, "ok\n")
}

func outageControl(r *request) answer {
	q := r.URL.Query()
	var d time.Duration
	if text := q.Get("for"); text != "" {
		var err error
		if d, err = time.ParseDuration(text); err != nil {
			return badRequest(err)
		}
	}
	if err := r.server.SetOutage(q.Get("mode"), d); err != nil {
		return badRequest(err)
	}
	return text(http.StatusOK, "ok\n")
}

func badRequest(err error) answer { return text(http.StatusBadRequest, err.Error()+"\n") }

func urlsControl(r *request) answer {
	return jsonAnswer(json.MarshalIndent(r.server.urls(), "", "  "))
}
