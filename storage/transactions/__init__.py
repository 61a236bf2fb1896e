"""Each public function here is the whole of one transaction."""
