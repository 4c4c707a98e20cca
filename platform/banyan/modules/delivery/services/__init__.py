"""Put messages in the queue, send them, look after them."""
