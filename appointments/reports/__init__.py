"""“Somebody offered me an appointment for money”: a form that asks for nobody's name."""
