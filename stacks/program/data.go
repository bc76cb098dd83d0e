package program

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/database"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/watch"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// declareDatabase declares what keeps the data: an RDS instance, or snapshots of
// the volume that SQLite's file is on.
func (e *environment) declareDatabase(ctx *pulumi.Context) error {
	d := e.s.Database
	if d.Engine == settings.Postgres {
		var err error
		e.postgres, err = database.NewPostgres(ctx, "database", &database.PostgresArgs{
			Namer: e.n, VPCID: e.network.VPCID, SubnetIDs: subnetIDs(e.network.Subnets), AllocatorGroup: e.network.AllocatorGroup,
			InstanceClass: d.InstanceClass, MultiAZ: d.MultiAZ, BackupDays: *d.BackupDays,
			Protect: e.s.Protect(), FinalSnapshot: e.s.Protect() || e.s.InProduction(),
		})
		return err
	}
	if *d.BackupDays == 0 {
		return nil
	}
	_, err := database.NewSnapshots(ctx, "snapshots", &database.SnapshotsArgs{
		Namer: e.n, EveryHours: d.SnapshotHours, KeepDays: *d.BackupDays, Boundary: e.boundary,
	})
	return err
}

// databaseOutput is what the stack tells of its database.
func (e *environment) databaseOutput() pulumi.Map {
	endpoint := pulumi.String("").ToStringOutput()
	if e.postgres != nil {
		endpoint = e.postgres.Endpoint
	}
	return pulumi.Map{"engine": pulumi.String(e.s.Database.Engine), "endpoint": endpoint}
}

// declareWatch declares alarms, dashboard and budget, and says where the
// dashboard is.
func (e *environment) declareWatch(ctx *pulumi.Context) (pulumi.StringOutput, error) {
	args := &watch.WatchArgs{Namer: e.n, Emails: e.s.Alarms.Emails}
	if e.host != nil {
		args.Instance = e.host.InstanceID
	}
	if e.balancer != nil {
		people, agents := e.balancer.People, e.balancer.Agents
		args.People = &watch.Balancer{LoadBalancer: people.LoadBalancer, TargetGroup: people.Hosts}
		args.Agents = &watch.Balancer{LoadBalancer: agents.LoadBalancer, TargetGroup: agents.Hosts}
	}
	if e.postgres != nil {
		args.Database = e.postgres.Identifier
	}
	w, err := watch.NewWatch(ctx, "watch", args)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	return w.DashboardURL, declareBudget(ctx, e.s, e.n)
}

// declareBudget declares the budget of an environment's deployment, or of an
// account, where one is set.
func declareBudget(ctx *pulumi.Context, s *settings.Settings, n naming.Namer) error {
	if s.Budget.MonthlyUSD == 0 {
		return nil
	}
	_, err := watch.NewBudget(ctx, "budget", &watch.BudgetArgs{
		Namer: n, MonthlyUSD: s.Budget.MonthlyUSD, Emails: s.Budget.Emails, WholeAccount: s.Kind == settings.KindAccount,
	})
	return err
}
