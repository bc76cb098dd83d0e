-- +goose Up
-- Whether a workshop gives no machine that costs anything, as its budget is used up and
-- that ends machines.
ALTER TABLE workshops ADD COLUMN withheld INTEGER NOT NULL DEFAULT 0;
