"""The one REST API: schemas' base, problem details, lists by keyset, the OpenAPI document."""
