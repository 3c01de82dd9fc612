-- A short number per app, as the metrics in its log name it; never given twice.
alter table apps add column number bigint generated always as identity;
