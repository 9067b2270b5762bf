package web_test

import (
	"fmt"
	"html"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/tag"
)

// pages are all pages of a world, with words that must be on each.
func (w *world) pages() map[string][]string {
	return map[string][]string{
		"/":                                                      {"hello-2.10-1", "builder1", "database"},
		"/tasks":                                                 {"buildArch", "alice"},
		"/tasks?state=failed&within=all":                         {"failed"},
		"/tasks?owner=alice&method=buildArch":                    {"buildArch"},
		"/tasks?within=all&page=2":                               {"No task"},
		fmt.Sprintf("/tasks/%d", w.top):                          {"build.log", "failed"},
		fmt.Sprintf("/tasks/%d", w.child):                        {"build.log, line 301", "Failed in"},
		fmt.Sprintf("/tasks/%d", w.running):                      {"open", "builder1", "/live/tasks?ids="},
		fmt.Sprintf("/tasks/%d", w.waiting):                      {"Why it waits", "does aarch64"},
		fmt.Sprintf("/tasks/%d/logs/build.log", w.child):         {`id="L301"`, "error: "},
		fmt.Sprintf("/builds/%d/logs/x86_64/build.log", w.build): {"checking for gcc", `id="L2"`},
		"/builds": {"hello-2.10-1"},
		"/builds?q=hello*&state=complete&package=hello&owner=alice": {"hello-2.10-1"},
		fmt.Sprintf("/builds/%d", w.build):                          {"hello-2.10-1.x86_64.rpm", "/kojifiles/packages/hello/2.10/1/x86_64/hello-2.10-1.x86_64.rpm", "/tags/f36", "build.log"},
		"/builds/hello-2.10-1":                                      {"hello-2.10-1.x86_64.rpm"},
		fmt.Sprintf("/buildroots/%d", w.root):                       {"builder1"},
		"/tags":                                                     {"f36-build"},
		"/tags/f36-build":                                           {"x86_64 aarch64", "from f36", "base", "bash", "Target f36"},
		"/tags/f36":                                                 {"f36-build"},
		"/tags/f36-build?show=builds":                               {"hello-2.10-1"},
		"/tags/f36-build?show=packages&prefix=hel":                  {"hello", "alice"},
		"/hosts": {"builder1", "ready", "default"},
	}
}

func TestPages(t *testing.T) {
	w := newWorld(t)
	tags := regexp.MustCompile(`(?i)<(script|img)[^>]*>`)
	escaped := 0
	for path, words := range w.pages() {
		rec := w.get(path)
		body := rec.Body.String()
		if rec.Code != 200 {
			t.Errorf("%s: status %d: %s", path, rec.Code, body)
			continue
		}
		plain := html.UnescapeString(body)
		for _, word := range words {
			if !strings.Contains(body, word) && !strings.Contains(plain, word) {
				t.Errorf("%s does not show %q", path, word)
			}
		}
		for _, el := range tags.FindAllString(body, -1) {
			if !strings.Contains(el, `src="/static/kura-`) {
				t.Errorf("%s holds a foreign element %s", path, el)
			}
		}
		if strings.Contains(body, "style=") || regexp.MustCompile(` on[a-z]+="`).MatchString(body) {
			t.Errorf("%s holds an inline style or script", path)
		}
		if strings.Contains(plain, "<script>alert(1)") {
			escaped++
		}
	}
	if escaped < 10 {
		t.Errorf("the hostile text shows on %d pages only: the test lost its teeth", escaped)
	}
}

func TestHeadersOnEveryAnswer(t *testing.T) {
	w := newWorld(t)
	paths := []string{"/nothing", "/tasks/x", "/static/none.css", "/koji/taskinfo?taskID=1", "/live/tasks?ids=x"}
	for p := range w.pages() {
		paths = append(paths, p)
	}
	for _, p := range paths {
		h := w.get(p).Header()
		csp := h.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'self'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", p, csp)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s may be sniffed", p)
		}
	}
}

func TestProblems(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]int{
		"/nothing": 404, "/tasks/999999": 404, "/tasks/x": 400, "/tasks/-1": 400, "/tasks?state=odd": 400,
		"/tasks?page=0": 400, "/tasks?owner=nobody": 404, "/builds/hello": 400, "/builds/hello-9-9": 404, "/builds/99": 404,
		"/tags/none": 404, "/tags/f36?show=odd": 400, "/koji/taskinfo?taskID=x": 400, "/koji/odd": 404,
		"/koji/rpminfo?rpmID=999": 404, "/buildroots/999": 404,
		fmt.Sprintf("/tasks/%d/logs/none.log", w.top):           404,
		fmt.Sprintf("/tasks/%d/logs/hello.rpm", w.top):          404,
		fmt.Sprintf("/tasks/%d/logs/..%%2fbuild.log", w.child):  400,
		fmt.Sprintf("/tasks/%d/logs/build.log?from=x", w.child): 400,
		fmt.Sprintf("/live/log/%d/build.log?at=x", w.running):   400,
		fmt.Sprintf("/live/log/%d/none.log?at=0.0", w.running):  404,
		"/live/tasks?ids=" + strings.Repeat("1,", 200) + "1":    400,
		"/live/tasks?ids=1&root=x":                              400,
	} {
		rec := w.get(path)
		if rec.Code != want {
			t.Errorf("%s: status %d, want %d", path, rec.Code, want)
		}
		if !strings.Contains(rec.Body.String(), "To the overview") {
			t.Errorf("%s has no page of its own: %s", path, rec.Body)
		}
	}
	rec := httptest.NewRecorder()
	w.web.ServeHTTP(rec, httptest.NewRequest("POST", "/tasks", nil))
	if rec.Code != 405 {
		t.Errorf("POST /tasks: status %d, want 405", rec.Code)
	}
}

// The addresses that Koji's clients print lead to the same things here.
func TestKojiAddresses(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]string{
		"/koji":       "/koji/", // as http.ServeMux does; any of the two is fine
		"/koji/":      "/",
		"/koji/tasks": "/tasks",
		"/koji/hosts": "/hosts",
		fmt.Sprintf("/koji/taskinfo?taskID=%d", w.top):            fmt.Sprintf("/tasks/%d", w.top),
		fmt.Sprintf("/koji/buildinfo?buildID=%d", w.build):        fmt.Sprintf("/builds/%d", w.build),
		"/koji/buildinfo?buildID=hello-2.10-1":                    fmt.Sprintf("/builds/%d", w.build),
		fmt.Sprintf("/koji/rpminfo?rpmID=%d", w.rpm):              fmt.Sprintf("/builds/%d#rpm-%d", w.build, w.rpm),
		"/koji/taginfo?tagID=f36-build":                           "/tags/f36-build",
		"/koji/taginfo?tagID=1":                                   "/tags/f36",
		fmt.Sprintf("/koji/buildrootinfo?buildrootID=%d", w.root): fmt.Sprintf("/buildroots/%d", w.root),
		"/koji/packageinfo?packageID=hello":                       "/builds?package=hello",
		"/koji/userinfo?userID=alice":                             "/tasks?owner=alice",
	} {
		rec := w.get(path)
		if got := rec.Header().Get("Location"); rec.Code/100 != 3 || got != want {
			t.Errorf("%s leads to %q with status %d, want %q", path, got, rec.Code, want)
		}
	}
}

// What the pages link to on this server is there.
func TestLinksLeadSomewhere(t *testing.T) {
	w := newWorld(t)
	links := regexp.MustCompile(`(?:href|src|data-live)="([^"]*)"`)
	seen := map[string]bool{}
	for path := range w.pages() {
		for _, m := range links.FindAllStringSubmatch(w.get(path).Body.String(), -1) {
			to, _, _ := strings.Cut(html.UnescapeString(m[1]), "#")
			if to == "" || strings.HasPrefix(to, "?") || strings.HasPrefix(to, "/kojifiles/") || strings.HasPrefix(to, "/live/") || seen[to] {
				continue
			}
			seen[to] = true
			if rec := w.get(to); rec.Code != 200 {
				t.Errorf("%s links to %s: status %d", path, to, rec.Code)
			}
		}
	}
	if len(seen) < 15 {
		t.Errorf("only %d links", len(seen))
	}
}

func TestPaging(t *testing.T) {
	w := newWorld(t)
	w.do(func(tx *db.Tx) error {
		for i := range 120 {
			if _, err := tag.Create(w.ctx, tx, account.System, tag.Config{Name: fmt.Sprintf("many-%03d", i)}); err != nil {
				return err
			}
		}
		return nil
	})
	path, seen := "/tags?q=many-*", 0
	for path != "" {
		body := w.get(path).Body.String()
		seen += strings.Count(body, `<a href="/tags/many-`)
		m := regexp.MustCompile(`href="([^"]*)" rel="next"`).FindStringSubmatch(body)
		path = ""
		if m != nil {
			path = html.UnescapeString(m[1])
		}
	}
	if seen != 120 {
		t.Errorf("the pages show %d tags, want 120", seen)
	}
}

func TestDeletedTag(t *testing.T) {
	w := newWorld(t)
	w.do(func(tx *db.Tx) error { return tag.Delete(w.ctx, tx, account.System, tag.ByName("f36-build")) })
	if rec := w.get("/tags/f36-build"); rec.Code != 200 || !strings.Contains(rec.Body.String(), "was deleted at event") {
		t.Errorf("status %d: %s", rec.Code, rec.Body)
	}
}
