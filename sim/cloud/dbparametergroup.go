package cloud

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// DBParameterGroup is aws:rds/parameterGroup:ParameterGroup.
type DBParameterGroup struct {
	ID          string        `json:"id"` // its name
	Name        string        `json:"name"`
	Family      string        `json:"family"`
	Description string        `json:"description"`
	Parameters  []DBParameter `json:"parameters,omitempty"`
	Tagged
	dbParameterGroupComputed
}

// DBParameter is one setting of a database's engine.
type DBParameter struct {
	Name        string `json:"name"`
	Value       string `json:"value"`
	ApplyMethod string `json:"applyMethod,omitempty"`
}

type dbParameterGroupComputed struct {
	ARN string `json:"arn"`
}

// postgresMajors are the major versions that RDS offers.
var postgresMajors = []string{"13", "14", "15", "16", "17"}

// postgresParameters are those that are known here, and whether they take effect
// without a restart.
var postgresParameters = map[string]bool{
	"rds.force_ssl": true, "log_min_duration_statement": true, "max_connections": false, "shared_preload_libraries": false,
}

var dbParameterGroupName = regexp.MustCompile(`^[a-z][0-9a-z.-]{0,254}$`)

// CreateDBParameterGroup makes a group of parameters for one family.
func (a *Account) CreateDBParameterGroup(g *DBParameterGroup) error {
	return a.change(func(m *model) error {
		if !dbParameterGroupName.MatchString(g.Name) || strings.Contains(g.Name, "--") || strings.HasSuffix(g.Name, "-") || strings.HasPrefix(g.Name, "default.") {
			return refuse("InvalidParameterValue", "The parameter DBParameterGroupName is not a valid identifier: %q", g.Name)
		}
		if m.DBParameterGroups[g.Name] != nil {
			return refuse("DBParameterGroupAlreadyExists", "Parameter group %s already exists", g.Name)
		}
		if major, ok := strings.CutPrefix(g.Family, "postgres"); !ok || !slices.Contains(postgresMajors, major) {
			return refuse("InvalidParameterValue", "ParameterGroupFamily %s is not a valid parameter group family", g.Family)
		}
		if err := g.check(); err != nil {
			return err
		}
		g.ID, g.ARN = g.Name, a.arn("rds", "pg:"+g.Name)
		m.DBParameterGroups.keep(g.ID, g)
		return nil
	})
}

func (g *DBParameterGroup) check() error {
	g.Parameters = slices.Clone(g.Parameters) // what was given is the caller's
	for i, p := range g.Parameters {
		dynamic, known := postgresParameters[p.Name]
		if !known {
			return refuse("InvalidParameterValue", "Could not find parameter with name: %s", p.Name)
		}
		method := cmp.Or(p.ApplyMethod, "immediate")
		if method == "immediate" && !dynamic {
			return refuse("InvalidParameterCombination", "cannot use immediate apply method for static parameter")
		}
		g.Parameters[i].ApplyMethod = method
	}
	g.Description = cmp.Or(g.Description, "Managed by Pulumi")
	return g.settle()
}

// DBParameterGroup returns one group.
func (a *Account) DBParameterGroup(name string) (*DBParameterGroup, error) {
	return dbParameterGroups.lookup(a, name)
}

// UpdateDBParameterGroup changes the parameters.
func (a *Account) UpdateDBParameterGroup(name string, g *DBParameterGroup) error {
	return dbParameterGroups.update(a, name, g, func(_ *model, cur *DBParameterGroup) error {
		g.ID, g.Name, g.Family, g.Description, g.dbParameterGroupComputed = cur.ID, cur.Name, cur.Family, cur.Description, cur.dbParameterGroupComputed
		return g.check()
	})
}

// DeleteDBParameterGroup refuses while an instance uses the group.
func (a *Account) DeleteDBParameterGroup(name string) error {
	return dbParameterGroups.remove(a, name, func(m *model, _ *DBParameterGroup) error {
		for _, d := range m.DBInstances {
			if d.ParameterGroupName == name {
				return refuse("InvalidDBParameterGroupState", "One or more database instances are still members of this parameter group %s, so the group cannot be deleted", name)
			}
		}
		return nil
	})
}
