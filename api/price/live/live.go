package live

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
	"golang.org/x/sync/errgroup"

	"github.com/talmolab/lablink-infrastructure/api/price"
)

// Patience is how long AWS may take for all that is asked at once.
const Patience = 5 * time.Second

// atOnce is how many requests are under way.
const atOnce = 8

// Prices is AWS as a price.Source.
type Prices struct {
	config   aws.Config
	now      func() time.Time
	patience time.Duration
}

var _ price.Source = (*Prices)(nil)

// Open uses the credentials of whoever calls.
func Open(ctx context.Context) (price.Source, error) {
	c, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{})) // what is wrong is in the error
	if err != nil {
		return nil, fmt.Errorf("load the AWS configuration: %w", err)
	}
	return New(c, time.Now, Patience), nil
}

// New uses a configuration. now dates the prices.
func New(c aws.Config, now func() time.Time, patience time.Duration) *Prices {
	return &Prices{config: c, now: now, patience: patience}
}

// Prices asks for each thing by itself, for spot prices together, and keeps what
// came in time.
func (p *Prices) Prices(ctx context.Context, region string, things []price.Thing) (map[price.Thing]price.Price, error) {
	ctx, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	if p.config.Credentials == nil {
		return nil, errNoCredentials
	}
	if _, err := p.config.Credentials.Retrieve(ctx); err != nil {
		return nil, errNoCredentials // the chain's error names every place that it looked in
	}
	a := answers{region: region, prices: map[price.Thing]price.Price{}}
	var group errgroup.Group
	group.SetLimit(atOnce)
	// EC2 is asked first, so that it answers where the list does not.
	if kinds := spotTypes(things); len(kinds) > 0 {
		group.Go(func() error { a.refuse(p.spot(ctx, kinds, &a)); return nil })
	}
	for _, t := range things {
		if listed, ok := productOf(t); ok {
			group.Go(func() error { a.refuse(p.list(ctx, t, listed, &a)); return nil })
		}
	}
	_ = group.Wait() // what went wrong is among the answers
	return a.prices, p.why(a.refused)
}

// answers are what came until now.
type answers struct {
	region  string
	mu      sync.Mutex
	prices  map[price.Thing]price.Price
	refused []error
}

func (a *answers) keep(t price.Thing, found price.Price) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.prices[t] = found
}

// refuse keeps an error, if it is one: others go on.
func (a *answers) refuse(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.refused = append(a.refused, err)
	}
}

var errNoCredentials = errors.New("AWS was not asked for prices, as there are no credentials that it takes")
