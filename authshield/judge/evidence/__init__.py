"""What a sign-in, an order or a withdrawal says for or against its being the customer: weights of evidence in nats.

``signs`` names what is looked at, ``weights`` says what each sign weighs, ``weigh`` adds up and explains. Pure.
"""

from authshield.judge.evidence.weigh import POINTS_A_NAT, weigh

__all__ = ["POINTS_A_NAT", "weigh"]
