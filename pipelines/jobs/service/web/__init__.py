"""HTTP only: routes, bodies, keys, limits, headers, metrics, errors. What they ask is a desk, see `desk_protocol`."""
