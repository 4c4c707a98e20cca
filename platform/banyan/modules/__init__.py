"""Always-on modules, built exactly like plugins. Upper may import lower: stats > accounts > tenancy > access > audit."""
