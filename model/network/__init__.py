"""The network: ``deeplab`` joins a backbone, a head and a decoder, made of ``layers``."""
