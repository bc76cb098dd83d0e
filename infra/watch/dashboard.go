package watch

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
)

// graph is one graph of the dashboard: metrics of one thing. Its dimensions are
// names, each followed by its value.
type graph struct {
	title, namespace, statistic string
	metrics                     []string
	dimensions                  []any
}

// graphs are those of what is watched.
func (args *WatchArgs) graphs() []graph {
	var out []graph
	if args.Instance != nil {
		host := []any{"InstanceId", args.Instance}
		out = append(out,
			graph{"Host: CPU (%)", "AWS/EC2", "Average", []string{"CPUUtilization"}, host},
			graph{"Host: failed checks", "AWS/EC2", "Maximum", []string{"StatusCheckFailed_System", "StatusCheckFailed_Instance"}, host},
			graph{"Host: network (bytes)", "AWS/EC2", "Sum", []string{"NetworkIn", "NetworkOut"}, host},
		)
	}
	if args.People != nil {
		out = append(out, balancerGraphs(args.People, "people")...)
	}
	if args.Agents != nil {
		out = append(out, balancerGraphs(args.Agents, "agents")...)
	}
	if args.Database != nil {
		database := []any{"DBInstanceIdentifier", args.Database}
		out = append(out,
			graph{"Database: CPU (%)", "AWS/RDS", "Average", []string{"CPUUtilization"}, database},
			graph{"Database: free storage (bytes)", "AWS/RDS", "Minimum", []string{"FreeStorageSpace"}, database},
			graph{"Database: connections", "AWS/RDS", "Maximum", []string{"DatabaseConnections"}, database},
		)
	}
	return out
}

// balancerGraphs are those of the load balancer that somebody comes by.
func balancerGraphs(b *Balancer, who string) []graph {
	title, targets := "Load balancer of "+who, []any{"LoadBalancer", b.LoadBalancer, "TargetGroup", b.TargetGroup}
	return []graph{
		{title + ": hosts", "AWS/ApplicationELB", "Maximum", []string{"HealthyHostCount", "UnHealthyHostCount"}, targets},
		{title + ": answers", "AWS/ApplicationELB", "Sum", []string{"RequestCount", "HTTPCode_Target_5XX_Count"}, targets},
	}
}

// DashboardName is the dashboard's name. Dashboards are the account's, in all its
// Regions.
func DashboardName(n naming.Namer) string { return n.IAM(component, naming.MaxDashboard) }

func (w *Watch) declareDashboard(ctx *pulumi.Context, name string, args *WatchArgs) error {
	graphs, region := args.graphs(), args.Namer.Region
	var dimensions pulumi.Array
	for _, g := range graphs {
		dimensions = append(dimensions, pulumi.ToArray(g.dimensions))
	}
	body := dimensions.ToArrayOutput().ApplyT(func(all []any) (string, error) { return render(region, graphs, all) }).(pulumi.StringOutput)
	dashboard, err := cloudwatch.NewDashboard(ctx, name+"-dashboard", &cloudwatch.DashboardArgs{
		DashboardName: pulumi.String(DashboardName(args.Namer)), DashboardBody: body,
	}, pulumi.Parent(w))
	if err != nil {
		return err
	}
	w.DashboardURL = pulumi.Sprintf("https://%s.console.aws.amazon.com/cloudwatch/home?region=%s#dashboards/dashboard/%s", region, region, dashboard.DashboardName)
	return nil
}

// render writes the body of a dashboard, two graphs in a row of 24 columns.
func render(region string, graphs []graph, dimensions []any) (string, error) {
	type object = map[string]any
	var widgets []object
	for i, g := range graphs {
		var metrics [][]any
		for _, m := range g.metrics {
			metrics = append(metrics, append([]any{g.namespace, m}, dimensions[i].([]any)...))
		}
		widgets = append(widgets, object{
			"type": "metric", "width": 12, "height": 6, "x": i % 2 * 12, "y": i / 2 * 6,
			"properties": object{"title": g.title, "region": region, "stat": g.statistic, "period": 300, "view": "timeSeries", "metrics": metrics},
		})
	}
	raw, err := json.Marshal(object{"widgets": widgets})
	if err != nil {
		return "", fmt.Errorf("render the dashboard: %w", err)
	}
	return string(raw), nil
}
