"""Always-on modules, built like plugins. Upper may import lower: stats > accounts > tenancy > tasks > access > audit."""
