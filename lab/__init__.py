"""The attack laboratory: weeks of people and attackers against the real application, on a simulated clock."""
