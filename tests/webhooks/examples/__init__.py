"""Every answer and refusal that the OpenAPI document tells, sent: `./run docs` writes them down,
and a test compares.
"""
