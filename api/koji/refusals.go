package koji

import "context"

// refusals are methods that have nothing to do here, and what their callers are
// told.
var refusals = map[string]string{
	"host.repoInit":     "kura's hubs make repositories themselves: no builder is given a task for which it would begin one",
	"host.repoDone":     "kura's hubs make repositories themselves: no builder is given a task for which it would bring one",
	"host.distRepoMove": "kura's hubs make repositories for distribution themselves: no builder is given a task for which it would bring one",
	"showOpts":          "the hub's options are its kura.toml, and kura doctor looks at them",
}

func refusalHandlers() Handlers {
	all := Handlers{}
	for method, why := range refusals {
		all[method] = func(context.Context, *Call) (any, error) { return nil, fault(genericError, "%s", why) }
	}
	return all
}
