package cgmeta

import (
	"strings"
	"testing"
)

const one = `{"metadata_version": 0, "build": {"name": "a", "version": "1", "release": "1", "start_time": 1, "end_time": 2.5, "task_id": 5,
	"extra": {"typeinfo": {"remote": {"x": 1}}, "image": {}, "container_koji_task_id": 5}},
	"buildroots": [{"id": "one", "host": {"os": "f", "arch": "x86_64"}, "content_generator": {"name": "osbuild", "version": "1"},
		"container": {"type": "none", "arch": "x86_64"}, "tools": [], "components": []}],
	"output": [{"buildroot_id": "one", "filename": "a.raw", "filesize": 1, "checksum": "00", "checksum_type": "md5", "type": "disk",
		"extra": {"image": {"arch": "x86_64"}}}]}`

func TestParse(t *testing.T) {
	m, err := Parse([]byte(one))
	if err != nil {
		t.Fatal(err)
	}
	types, err := m.Build.Types()
	if err != nil || len(types) != 2 || string(types["remote"]) != `{"x": 1}` {
		t.Errorf("types %s, %v", types, err)
	}
	if task, err := m.Build.TaskID(); err != nil || *task != 5 {
		t.Errorf("task %v, %v", task, err)
	}
	if name, info, err := m.Output[0].BType(); name != "image" || string(info) != `{"arch": "x86_64"}` || err != nil {
		t.Errorf("%s, %s, %v", name, info, err)
	}
	for want, change := range map[string][2]string{
		"metadata_version is missing":      {`"metadata_version": 0,`, ``},
		"No such metadata version: 1":      {`"metadata_version": 0`, `"metadata_version": 1`},
		"names no buildroots":              {`"buildroots"`, `"others"`},
		"no start_time":                    {`"start_time": 1,`, ``},
		"Missing buildroot metadata":       {`"output": [`, `"output": [{"buildroot_id": 2, "filename": "b", "type": "log"}, `},
		"Buildroot id not used":            {`"buildroot_id": "one"`, `"buildroot_id": "two"`},
		"Duplicate buildroot id":           {`"buildroots": [`, `"buildroots": [{"id": "one", "content_generator": {"name": "a"}, "container": {"type": "a", "arch": "b"}}, `},
		"has no id":                        {`"id": "one"`, `"id": null`},
		"has no content_generator":         {`"name": "osbuild", `, ``},
		"has no container":                 {`"type": "none", `, ``},
		"no filename or no type":           {`"type": "disk",`, ``},
		"metadata is not as it should be:": {`"filesize": 1`, `"filesize": "1"`},
		"there is more after its end":      {`{"image": {"arch": "x86_64"}}}]}`, `{}}]} {}`},
	} {
		text := strings.Replace(one, change[0], change[1], 1)
		if text == one {
			t.Fatalf("%s changes nothing", change[0])
		}
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %s", err, want)
		}
	}
	for want, change := range map[string][2]string{
		"non-matching task_id":        {`"task_id": 5`, `"task_id": 6`},
		"Duplicate typeinfo":          {`"remote": {"x": 1}`, `"image": {}`},
		"subdir field not allowed":    {`"type": "disk"`, `"subdir": "a", "type": "disk"`},
		"No typeinfo for":             {`"extra": {"image": {"arch": "x86_64"}}`, `"extra": {}`},
		"Output file has multiple":    {`{"image": {"arch": "x86_64"}}`, `{"image": {}, "win": {}}`},
		"typeinfo is not as it shoul": {`"typeinfo": {"remote": {"x": 1}}`, `"typeinfo": 1`},
	} {
		m, err := Parse([]byte(strings.Replace(one, change[0], change[1], 1)))
		if err != nil {
			t.Error(err)
			continue
		}
		_, err1 := m.Build.TaskID()
		_, err2 := m.Build.Types()
		_, _, err3 := m.Output[0].BType()
		found := false
		for _, err := range []error{err1, err2, err3} {
			found = found || err != nil && strings.Contains(err.Error(), want)
		}
		if !found {
			t.Errorf("%v, %v, %v; want %s", err1, err2, err3, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(one))
	f.Fuzz(func(_ *testing.T, text []byte) {
		m, err := Parse(text)
		if err != nil {
			return
		}
		_, _ = m.Build.TaskID()
		_, _ = m.Build.Types()
		for i := range m.Output {
			_, _, _ = m.Output[i].BType()
		}
	})
}
